package cloudinit

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/psn"
)

// keyTypes are what OpenSSH takes in an authorized_keys file, without
// certificates and without DSA, which it does not take any more.
var keyTypes = []string{
	"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
}

// CheckKey returns psn.InvalidInput unless key is one line of an authorized_keys
// file without options: type, base64 and an optional comment. The error never
// repeats the key: somebody may have given the private half.
func CheckKey(key string) error {
	if strings.Contains(key, "PRIVATE KEY") {
		return psn.Errorf(psn.InvalidInput, "this is a private key: give the public half, which ssh-keygen writes to the file ending in .pub, and take this one for known to others")
	}
	if strings.ContainsAny(strings.TrimSuffix(key, "\n"), "\r\n") {
		return psn.Errorf(psn.InvalidInput, "the key has more than one line: give one key per element of the list")
	}
	fields := strings.Fields(key)
	if len(fields) < 2 || !slices.Contains(keyTypes, fields[0]) {
		return psn.Errorf(psn.InvalidInput, "this is not a public key: it has to begin with one of %s, then a space and the key in base64", strings.Join(keyTypes, ", "))
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return psn.Errorf(psn.InvalidInput, "the part after %q is not base64: copy the whole line of the .pub file", fields[0])
	}
	// The blob repeats the type: a length of four bytes, then the name.
	if len(blob) < 4 || uint64(binary.BigEndian.Uint32(blob)) > uint64(len(blob)-4) ||
		string(blob[4:4+binary.BigEndian.Uint32(blob)]) != fields[0] {
		return psn.Errorf(psn.InvalidInput, "the part after %q holds no key of that type: copy the whole line of the .pub file", fields[0])
	}
	return nil
}
