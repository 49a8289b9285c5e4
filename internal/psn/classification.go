package psn

// Classification is the ACN class of a digital service (DD ACN 21007/24,
// art. 3 c. 2): ordinario, critico or strategico.
type Classification string

// The three classes, from the least to the most demanding.
const (
	Ordinary  Classification = "ordinary"
	Critical  Classification = "critical"
	Strategic Classification = "strategic"
)

// Classifications returns the three classes in ascending order.
func Classifications() []Classification {
	return []Classification{Ordinary, Critical, Strategic}
}

// Rank orders the classes: ordinary 1, critical 2, strategic 3; 0 when c is
// not a class.
func (c Classification) Rank() int {
	switch c {
	case Ordinary:
		return 1
	case Critical:
		return 2
	case Strategic:
		return 3
	}
	return 0
}

// Protected reports whether c calls for a standby at another site.
func (c Classification) Protected() bool { return c.Rank() >= Critical.Rank() }

// Italian returns the term used by the Italian norm.
func (c Classification) Italian() string {
	switch c {
	case Ordinary:
		return "ordinario"
	case Critical:
		return "critico"
	case Strategic:
		return "strategico"
	}
	return ""
}

// ParseClassification returns the class named by v.
func ParseClassification(v string) (Classification, error) {
	return oneOf("classification", v, Classifications())
}
