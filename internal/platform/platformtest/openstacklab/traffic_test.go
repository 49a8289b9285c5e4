package openstacklab

import (
	"strings"
	"testing"
)

func TestReadTraffic(t *testing.T) {
	const head = "# pxname,svname,bin,bout,req_tot,\n"
	got, err := readTraffic(strings.NewReader(head + "compute,FRONTEND,10,200,3,\ncompute,one,10,200,,\ncompute,BACKEND,10,200,,\nimage,FRONTEND,1,2,4,\n\n"))
	if want := (Traffic{Requests: 7, BytesIn: 11, BytesOut: 202}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", head, "# pxname,svname\nx,FRONTEND\n", head + "x,FRONTEND,a,1,1,\n"} {
		if got, err := readTraffic(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is %+v", bad, got)
		}
	}
}
