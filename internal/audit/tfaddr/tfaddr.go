// Package tfaddr takes apart the addresses of resources, as Terraform and
// OpenTofu write them: module.a["x"].psn_tenant.b[0]. It must not know what
// stands at an address.
package tfaddr

import "strings"

// Bare takes the instance keys, [0] and ["a.b"], out of an address: so its
// configuration has it.
func Bare(address string) string {
	var out strings.Builder
	outside(address, func(i int) bool {
		out.WriteByte(address[i])
		return true
	})
	return out.String()
}

// Head cuts an address before the dot after the first n that stand outside of keys.
func Head(address string, n int) string {
	end := len(address)
	outside(address, func(i int) bool {
		if address[i] != '.' {
			return true
		}
		if n == 0 {
			end = i
			return false
		}
		n--
		return true
	})
	return address[:end]
}

// outside calls f with the place of each byte outside of instance keys, until it
// returns false.
func outside(address string, f func(i int) bool) {
	for depth, quoted, i := 0, false, 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			if !f(i) {
				return
			}
		}
	}
}
