package report

// InItalian translates a message; ok is false when there are no words for it.
func InItalian(message string) (string, bool) { return inItalian(message) }
