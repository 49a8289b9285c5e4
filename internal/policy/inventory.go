package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/italia/terraform-provider-psn/internal/catalog"
	"github.com/italia/terraform-provider-psn/internal/psn"
)

func (e *evaluation) notOnSecurePublicCloud() {
	if !e.doc.Speaks(TopicProducts) {
		return
	}
	e.machines(func(m Machine, c psn.Classification) result {
		strategic := c == psn.Strategic
		_, listed := catalog.ProductOf(m.Product)
		switch {
		case m.Unknown.Has("product") || m.Product == "":
			if strategic {
				return result{unknown: "product"}
			}
			return result{}
		case strategic && !listed:
			return result{message: fmt.Sprintf("machine %s is strategic and on product %q, which is not one of the PSN's", m.ID, m.Product), remedy: "use the id of a core service of the PSN, for example \"iaas-shared\""}
		case strategic && m.Product == catalog.SecurePublicCloud:
			return result{message: fmt.Sprintf("machine %s is strategic and on Secure Public Cloud", m.ID), remedy: "choose any other product of the PSN"}
		}
		return result{}
	})
}

func (e *evaluation) certificatesAreValid() {
	for _, c := range e.doc.Certificates {
		if expires, ok := e.expiryOf(c); ok {
			e.notPast(c.ID, "certificate "+c.ID, expires, "renew it, or name the one that replaces it")
		}
	}
}

// expiryOf returns the last day of c, or reports why it is not known.
func (e *evaluation) expiryOf(c Certificate) (catalog.Date, bool) {
	if e.unknown(c.ID, c.Unknown, "expires") {
		return "", false
	}
	if c.Expires != "" {
		return e.day(c.ID, "expires", c.Expires)
	}
	if c.Kind != "qualification" {
		e.fail(c.ID, fmt.Sprintf("certificate %s (%s) has no date of expiry", c.ID, c.Kind), "declare expires")
		return "", false
	}
	if e.unknown(c.ID, c.Unknown, "issued") {
		return "", false
	}
	issued, ok := e.day(c.ID, "issued", c.Issued)
	return issued.Plus(e.params["qualification_months"], 0), ok
}

// notPast fails when last is before the day of the evaluation.
func (e *evaluation) notPast(subject, what string, last catalog.Date, remedy string) {
	switch {
	case e.doc.Now.IsZero():
		e.noClock(subject)
	case catalog.DateOf(e.doc.Now) > last:
		e.fail(subject, fmt.Sprintf("%s expired on %s", what, last), remedy)
	}
}

// noClock reports the rule as undecidable for want of a date to compare with.
func (e *evaluation) noClock(subject string) {
	e.add(e.rule.Severity, psn.Undecidable, subject, "no date was given to compare with, so this cannot be decided: "+e.rule.English, "evaluate with the present date")
}

// day parses a date, and fails the rule on subject when it is none.
func (e *evaluation) day(subject, name, value string) (catalog.Date, bool) {
	d, err := catalog.ParseDate(value)
	if err != nil {
		e.fail(subject, fmt.Sprintf("%s of %s: %v", name, subject, err), "write the date as year-month-day")
	}
	return d, err == nil
}

func (e *evaluation) machinesAreInventoried() {
	if !e.doc.Speaks(TopicInventory) {
		return
	}
	for _, m := range e.doc.Machines {
		name := m.Name
		if name == "" {
			name = m.ID.Name()
		}
		subject := string(m.ID)
		var missing []string
		unknown := ""
		for _, f := range []field{{"name", name}, {"function", m.Function}, {"owner", m.Owner}, {"office", m.Office}, {"addresses", strings.Join(m.Addresses, "")}} {
			switch {
			case m.Unknown.Has(f.name):
				unknown = f.name
			case strings.TrimSpace(f.value) == "":
				missing = append(missing, f.name)
			}
		}
		switch bad := firstBadIP(m.Addresses); {
		case len(missing) > 0:
			e.fail(subject, fmt.Sprintf("machine %s has no %s", m.ID, strings.Join(missing, ", ")), "declare name, function, owner, office and IP address of every machine")
		case bad != "" && !m.Unknown.Has("addresses"):
			e.fail(subject, fmt.Sprintf("address %q of machine %s is not an IP address", bad, m.ID), "write it as, for example, \"10.1.2.3\"")
		case unknown != "":
			e.undecided(e.rule.Severity, subject, unknown)
		}
	}
}

// firstBadIP returns the first of addresses that is not an IP address, "" when
// all are.
func firstBadIP(addresses []string) string {
	i := slices.IndexFunc(addresses, func(a string) bool {
		ip, err := netip.ParseAddr(a)
		return err != nil || ip.Zone() != ""
	})
	if i < 0 {
		return ""
	}
	if addresses[i] == "" {
		return " " // an empty entry is one too
	}
	return addresses[i]
}
