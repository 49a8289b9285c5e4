// Package localdisk reads and writes a disk that the operating system shows as
// a block device or keeps in a file.
//
// It owns direct I/O, alignment, making ranges zero, flushing, exclusive use
// and finding a device by its identity. It must not know what is copied, from
// where, or why.
package localdisk
