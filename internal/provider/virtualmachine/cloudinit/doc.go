// Package cloudinit makes the document that cloud-init reads at first boot out
// of SSH keys and a document of the user's own. It is pure and must not know
// Terraform, machines or platforms.
package cloudinit
