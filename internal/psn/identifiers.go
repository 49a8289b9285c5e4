package psn

import (
	"fmt"
	"regexp"
)

// ipaRe is wider than the codes seen (2 to 16 characters in the open data of PA
// digitale 2026), because a narrower one is known to have broken on a
// 16-character code.
var ipaRe = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{1,31}$`)

// cupRe is the shape of every one of the 23 029 CUP codes published in the open
// data of PA digitale 2026; no check digit is documented.
var cupRe = regexp.MustCompile(`^[A-Z]\d{2}[A-Z]\d{11}$`)

// CheckIPACode checks the shape of an IPA code (rule IDN-001).
func CheckIPACode(v string) error {
	if ipaRe.MatchString(v) {
		return nil
	}
	return Errorf(InvalidInput, "IPA code %q is malformed: use 2 to 32 letters, digits, \"_\" or \"-\" starting with a letter or digit, for example \"p_bs\"", v)
}

// CheckFiscalCode checks the 11-digit fiscal code of a body and its check digit
// (rule IDN-002): odd positions summed, even positions doubled (minus 9 above
// 9), check digit = (10 - sum mod 10) mod 10.
func CheckFiscalCode(v string) error {
	if len(v) != 11 {
		return Errorf(InvalidInput, "fiscal code %q is malformed: an administration's code has 11 digits, this has %d characters", v, len(v))
	}
	sum := 0
	for i, c := range []byte(v) {
		if c < '0' || c > '9' {
			return Errorf(InvalidInput, "fiscal code %q is malformed: character %d is not a digit", v, i+1)
		}
		if i == 10 {
			break
		}
		d := int(c - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if want := (10 - sum%10) % 10; int(v[10]-'0') != want {
		return Errorf(InvalidInput, "fiscal code %q has the wrong check digit: the last digit is %c, the first ten call for %d", v, v[10], want)
	}
	return nil
}

// CheckCUP checks the shape of a CUP (rule IDN-003).
func CheckCUP(v string) error {
	if cupRe.MatchString(v) {
		return nil
	}
	return Errorf(InvalidInput, "CUP %q is malformed: use 15 characters, letter, 2 digits, letter, 11 digits, for example %q", v, "B11C22000000006")
}

// CUPWarning returns a sentence when a well-formed CUP has a first or fourth
// letter never seen (outside B to J), else "".
func CUPWarning(v string) string {
	if CheckCUP(v) != nil {
		return ""
	}
	for _, i := range []int{0, 3} {
		if v[i] < 'B' || v[i] > 'J' {
			return fmt.Sprintf("CUP %q: letter %q at position %d is outside B-J, the letters seen in published codes", v, v[i], i+1)
		}
	}
	return ""
}
