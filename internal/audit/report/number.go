package report

import (
	"strconv"
	"strings"
	"time"
)

// number writes a whole number with the separators of the language.
func (l Language) number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var out []string
	for len(digits) > 3 {
		out = append([]string{digits[len(digits)-3:]}, out...)
		digits = digits[:len(digits)-3]
	}
	sep := ","
	if l == Italian {
		sep = "."
	}
	return sign + strings.Join(append([]string{digits}, out...), sep)
}

// decimal writes a decimal number with the point of the language.
func (l Language) decimal(v string) string {
	if l == Italian {
		return strings.Replace(v, ".", ",", 1)
	}
	return v
}

// when writes an instant in UTC.
func (l Language) when(t time.Time) string {
	t = t.UTC()
	if l == Italian {
		months := []string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"}
		return strconv.Itoa(t.Day()) + " " + months[t.Month()-1] + " " + t.Format("2006, 15:04 UTC")
	}
	return t.Format("2 January 2006, 15:04 UTC")
}
