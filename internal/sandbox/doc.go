// Package sandbox runs five vCenters on loopback in one process: the four PSN
// sites and "brescia", the on-premises data centre of the Provincia di Brescia
// that an integrator migrates from. They are govmomi's simulator plus what it
// lacks and a migration needs: accounts with roles, disks with real bytes,
// frozen snapshots, change tracking, authenticated datastore access, guests
// that keep writing, capacity limits, and faults on demand.
//
// It is a test double of hypervisors. It owns the simulated vCenters and the
// files in Options.Dir; it must not know providers, policies, placement or how
// a migration is done, and nothing outside tests and the CLI may depend on it.
//
// # In a test
//
//	sb, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Centers: []string{"acilia", "brescia"}})
//	defer sb.Close()
//	sb.ConfigFile()                 // psn.yaml, ready to load
//	sb.Center("brescia").Guest("protocollo").Write(10)
//	sb.Center("acilia").FailNext(2, 503, time.Second)
//
// # As a daemon
//
// [Up] starts "EXE sandbox serve --dir DIR" in the background and waits until
// it answers, [Serve] is that process's main function, [ReadState] says what
// runs, [Down] stops it. Machines start afresh at every start; certificates,
// passwords and ports stay, so that psn.yaml remains valid.
//
// # Files in Dir
//
//	psn.yaml              configuration as psn-operator (sources as psn-migrator)
//	psn-auditor.yaml      the same, as the read-only psn-auditor
//	ca.pem                certificate authority of the five endpoints
//	secrets/              passwords and the authority's key (0700, files 0600)
//	dev/SITE/disk/by-id/  what the worker VM of a site sees as block devices
//	datastores/           disk files; removed on Close
//	sandbox.json          state of the daemon (0600)
//
// # What differs from a vCenter
//
// A live disk keeps its file name while snapshots are open, and its file holds
// the content frozen by the oldest one. Turning change tracking on is refused
// while snapshots exist. A machine moved to a PSN site does not write to its
// disks once it runs, so that they can be compared with their source.
package sandbox
