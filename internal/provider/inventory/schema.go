package inventory

import (
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// docs words every attribute once for the data source, which computes them, and
// for resources, which take them as input.
var docs = map[string]string{
	"site":      "Site: `acilia`, `pomezia`, `rozzano` or `santo-stefano-ticino`.",
	"platform":  "Platform: `vsphere` or `openstack`.",
	"reachable": "Whether the site answered. Nothing is placed at a site that did not.",
	"error":     "Why the site did not answer.",
	"clusters":  "Clusters of the site, by name; on OpenStack its availability zones.",
	"name":      "Name of the cluster or availability zone.",
	"capacity":  "Usable capacity, net of the reserve for host failures:",
	"gpus": "GPUs that a placement on this inventory may use: without what others hold, with what its own machines hold. " +
		"Null when the platform does not tell, as neither vSphere nor OpenStack does: then there are none, and who knows them adds them to what was read.",
	"storage_classes": "Storage of named kinds that a placement on this inventory may use, by name, in MiB: without what others hold, with what its own machines hold. " +
		"Null when the platform does not tell, as neither vSphere nor OpenStack does by cluster; `data.psn_storage_classes` tells what a site has.",
	"commitments": "What already stands on the cluster, summed by tenant and purpose.",
	"tenant":      "Tenant that holds the capacity; null for machines this project does not manage.",
	"service":     "Service that holds it; null when it is not known.",
	"for_site":    "Null for running machines, otherwise the site at whose loss this reserve is used.",
	"amount":      "Capacity held:",
}

func computed() map[string]dschema.Attribute {
	str := func(doc string) dschema.Attribute {
		return dschema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	num := func(doc string) dschema.Attribute {
		return dschema.Int64Attribute{Computed: true, MarkdownDescription: doc}
	}
	return map[string]dschema.Attribute{
		"site":      str(docs["site"]),
		"platform":  str(docs["platform"]),
		"reachable": dschema.BoolAttribute{Computed: true, MarkdownDescription: docs["reachable"]},
		"error":     str(docs["error"]),
		"clusters": dschema.ListNestedAttribute{
			Computed: true, MarkdownDescription: docs["clusters"],
			NestedObject: dschema.NestedAttributeObject{Attributes: map[string]dschema.Attribute{
				"name":        str(docs["name"]),
				"vcpus":       num(docs["capacity"] + " virtual CPUs."),
				"memory_mib":  num(docs["capacity"] + " memory in MiB."),
				"storage_mib": num(docs["capacity"] + " storage in MiB."),
				"gpus":        num(docs["gpus"]),
				"storage_classes": dschema.MapAttribute{
					Computed: true, ElementType: types.Int64Type, MarkdownDescription: docs["storage_classes"],
				},
				"commitments": dschema.ListNestedAttribute{
					Computed: true, MarkdownDescription: docs["commitments"],
					NestedObject: dschema.NestedAttributeObject{Attributes: map[string]dschema.Attribute{
						"tenant":      str(docs["tenant"]),
						"service":     str(docs["service"]),
						"for_site":    str(docs["for_site"]),
						"vcpus":       num(docs["amount"] + " virtual CPUs."),
						"memory_mib":  num(docs["amount"] + " memory in MiB."),
						"storage_mib": num(docs["amount"] + " storage in MiB."),
					}},
				},
			}},
		},
	}
}

// Input is the same shape as an attribute that a resource takes.
func Input(doc string) rschema.ListNestedAttribute {
	str := func(doc string, required bool) rschema.Attribute {
		return rschema.StringAttribute{Required: required, Optional: !required, MarkdownDescription: doc}
	}
	num := func(doc string) rschema.Attribute {
		return rschema.Int64Attribute{Required: true, MarkdownDescription: doc}
	}
	return rschema.ListNestedAttribute{
		Required: true, MarkdownDescription: doc,
		NestedObject: rschema.NestedAttributeObject{Attributes: map[string]rschema.Attribute{
			"site":      str(docs["site"], true),
			"platform":  str(docs["platform"], true),
			"reachable": rschema.BoolAttribute{Required: true, MarkdownDescription: docs["reachable"]},
			"error":     str(docs["error"], false),
			"clusters": rschema.ListNestedAttribute{
				Required: true, MarkdownDescription: docs["clusters"],
				NestedObject: rschema.NestedAttributeObject{Attributes: map[string]rschema.Attribute{
					"name":        str(docs["name"], true),
					"vcpus":       num(docs["capacity"] + " virtual CPUs."),
					"memory_mib":  num(docs["capacity"] + " memory in MiB."),
					"storage_mib": num(docs["capacity"] + " storage in MiB."),
					"gpus":        rschema.Int64Attribute{Optional: true, MarkdownDescription: docs["gpus"]},
					"storage_classes": rschema.MapAttribute{
						Optional: true, ElementType: types.Int64Type, MarkdownDescription: docs["storage_classes"],
					},
					"commitments": rschema.ListNestedAttribute{
						Required: true, MarkdownDescription: docs["commitments"],
						NestedObject: rschema.NestedAttributeObject{Attributes: map[string]rschema.Attribute{
							"tenant":      str(docs["tenant"], false),
							"service":     str(docs["service"], false),
							"for_site":    str(docs["for_site"], false),
							"vcpus":       num(docs["amount"] + " virtual CPUs."),
							"memory_mib":  num(docs["amount"] + " memory in MiB."),
							"storage_mib": num(docs["amount"] + " storage in MiB."),
						}},
					},
				}},
			},
		}},
	}
}
