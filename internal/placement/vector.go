package placement

import "github.com/italia/terraform-provider-psn/internal/psn"

// The resources, as indices of vec. From classes on, one index for each storage
// class that a request names.
const (
	vcpus = iota
	memory
	storage
	gpus
	classes
	maxClasses = 4
	resources  = classes + maxClasses
	basic      = gpus // those every machine needs and every cluster has
)

var fieldOf = [classes]string{"vcpus", "memory_mib", "storage_mib", "gpus"}

// vec is an amount of every resource.
type vec [resources]int64

func toVec(r psn.Resources) vec { return vec{r.VCPUs, r.MemoryMiB, r.StorageMiB} }

func (v vec) resources() psn.Resources {
	return psn.Resources{VCPUs: v[vcpus], MemoryMiB: v[memory], StorageMiB: v[storage]}
}

func (v vec) add(o vec) vec {
	for r := range v {
		v[r] += o[r]
	}
	return v
}

func (v vec) sub(o vec) vec {
	for r := range v {
		v[r] -= o[r]
	}
	return v
}

// isCompute reports whether a standby needs r only once the site of its primary
// is lost; the other resources are disks, which are written every day.
func isCompute(r int) bool { return r == vcpus || r == memory || r == gpus }

func (v vec) compute() vec { return vec{vcpus: v[vcpus], memory: v[memory], gpus: v[gpus]} }

func (v vec) disk() vec { return v.sub(v.compute()) }

// fits reports whether a demand v finds room. What is not demanded is not looked at.
func (v *vec) fits(room vec) bool {
	for r, n := range v {
		if n > 0 && n > room[r] {
			return false
		}
	}
	return true
}
