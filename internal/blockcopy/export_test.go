package blockcopy

// WithStep makes a job call f at every named step of a pass; an error stops it there.
func WithStep(j Job, f func(step string) error) Job {
	j.step = f
	return j
}

// WithWindow lets a test see many small windows on a small disk.
func WithWindow(j Job, bytes int64) Job {
	j.window = bytes
	return j
}
