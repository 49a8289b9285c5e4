package catalog

import (
	"fmt"
	"strings"
	"time"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// Date is a day written "YYYY-MM-DD", between 1900 and 2199, so that dates
// compare as text. Make one with ParseDate.
type Date string

// ParseDate returns the day that v writes.
func ParseDate(v string) (Date, error) {
	t, err := time.Parse(time.DateOnly, v)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		return "", psn.Errorf(psn.InvalidInput, "%q is not a date: write it as year-month-day, for example \"2025-06-23\"", v)
	}
	return Date(v), nil
}

// DateOf returns the UTC day of t.
func DateOf(t time.Time) Date { return Date(t.UTC().Format(time.DateOnly)) }

// Plus returns the day that many months, then that many days later. Where the
// month has no such day, the months end on its last one, as terms in months do
// by law (art. 2963 c.c., art. 155 c.p.c.).
func (d Date) Plus(months, days int64) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d // no date made by ParseDate
	}
	first := t.AddDate(0, int(months), 1-t.Day())
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(t.Day(), last)-1+int(days)))
}

// DaysTo returns the whole days from d to o, negative when o is earlier.
func (d Date) DaysTo(o Date) int64 {
	a, errA := time.Parse(time.DateOnly, string(d))
	b, errB := time.Parse(time.DateOnly, string(o))
	if errA != nil || errB != nil {
		return 0
	}
	return int64(b.Sub(a) / (24 * time.Hour))
}

// Year returns the year.
func (d Date) Year() int64 {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return 0
	}
	return int64(t.Year())
}

// Step is a term of a call. One of Days and Months is set; UpToGrantEuro limits
// the step to grants of at most that amount (0: no limit), and the first step of
// an id that fits the grant applies.
type Step struct {
	ID            string `json:"id"`
	Italian       string `json:"it"`
	English       string `json:"en"`
	Days          int64  `json:"days,omitempty"`
	Months        int64  `json:"months,omitempty"`
	UpToGrantEuro int64  `json:"up_to_grant_euro,omitempty"`
	From          string `json:"from"` // "decree" or "previous"
}

// FixedEnd is an end written as a date, for grants of at most UpToGrantEuro (0:
// any); the first that fits applies.
type FixedEnd struct {
	UpToGrantEuro int64  `json:"up_to_grant_euro,omitempty"`
	End           string `json:"end"`
}

// Deadline is when a project must be finished and how that comes about.
type Deadline struct {
	End      Date
	Uncapped Date // what the steps alone give, equal to End unless the call caps it
	Capped   bool
	Steps    []StepEnd
}

// StepEnd is the last day of one step.
type StepEnd struct {
	Step Step
	End  Date
}

// Deadline returns the end of a project funded by a decree of that date (FND-003):
// the last step, never after the call's latest end. grantEuro chooses among
// steps that depend on the amount; 0 means that it is not known, which is an
// error when it would matter. Whether a decree of that date can have funded a
// project at all is CheckDecree's question.
func (c Call) Deadline(decree Date, grantEuro int64) (Deadline, error) {
	if len(c.FixedEnds) > 0 {
		if grantEuro <= 0 {
			return Deadline{}, c.needsGrant()
		}
		for _, f := range c.FixedEnds {
			if f.UpToGrantEuro == 0 || grantEuro <= f.UpToGrantEuro {
				return Deadline{End: Date(f.End), Uncapped: Date(f.End)}, nil
			}
		}
	}
	if len(c.Steps) == 0 {
		return Deadline{}, psn.Errorf(psn.Unsupported, "the tables hold no deadline for call %q: %s", c.ID, strings.TrimSuffix(c.Note, "."))
	}
	var d Deadline
	done := map[string]bool{}
	for _, s := range c.Steps {
		if done[s.ID] {
			continue
		}
		if s.UpToGrantEuro > 0 && grantEuro <= 0 {
			return Deadline{}, c.needsGrant()
		}
		if s.UpToGrantEuro > 0 && grantEuro > s.UpToGrantEuro {
			continue
		}
		done[s.ID] = true
		from := decree
		if s.From == "previous" && len(d.Steps) > 0 {
			from = d.Steps[len(d.Steps)-1].End
		}
		d.Steps = append(d.Steps, StepEnd{s, from.Plus(s.Months, s.Days)})
	}
	d.Uncapped = d.Steps[len(d.Steps)-1].End
	d.End = d.Uncapped
	if c.LatestEnd != "" && d.End > Date(c.LatestEnd) {
		d.End, d.Capped = Date(c.LatestEnd), true
	}
	return d, nil
}

// CheckDecree returns an error when a decree of that date cannot have funded a
// project of the call: it comes before the call's first decree, or after the end
// of the projects it would fund. The date is another's then.
func (c Call) CheckDecree(decree Date, d Deadline) error {
	if first, what := c.firstDecree(); decree < first {
		return psn.Errorf(psn.InvalidInput, "the date of the decree is %s, before %s of call %q, %s: give the date of the decree that funded the project", decree, what, c.ID, first)
	}
	if decree <= d.End {
		return nil
	}
	return psn.Errorf(psn.InvalidInput, "the date of the decree is %s, but projects of call %q end by %s: give the date of the decree that funded the project", decree, c.ID, d.End)
}

// firstDecree returns the earliest date that a decree of the call can have, and
// what lies there: its first decree where the tables list decrees, else its
// opening, else the earliest start of what it pays.
func (c Call) firstDecree() (first Date, what string) {
	earliest := func(d string) {
		if d != "" && (first == "" || Date(d) < first) {
			first = Date(d)
		}
	}
	for _, d := range c.Decrees {
		earliest(d.Date)
	}
	if first != "" {
		return first, "the first decree"
	}
	for _, w := range c.Windows {
		earliest(w.Opens)
	}
	if first != "" {
		return first, "the opening"
	}
	return Date(c.EarliestStart), "the earliest start"
}

func (c Call) needsGrant() error {
	return psn.Errorf(psn.InvalidInput, "the deadline of call %q depends on the amount of the grant: give it in whole euro, more than 0", c.ID)
}

// KeepUntil returns the last day on which a service paid on that date must still
// be kept (FND-006): 31 December of the year of payment, plus the years of the call.
func (c Call) KeepUntil(paid Date) Date {
	return Date(fmt.Sprintf("%04d-12-31", paid.Year()+c.KeepYears))
}
