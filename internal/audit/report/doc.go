// Package report shows what an audit came to: text for a terminal, JSON, CSV,
// SARIF, JUnit and one printable HTML page, in Italian and English. It judges
// nothing, reads no file and reaches no network; a page refers to nothing
// outside itself.
package report
