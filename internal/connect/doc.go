// Package connect is the composition root: it reads psn.yaml and the PSN_*
// variables and makes sites, sources and the engine's client out of them. It is
// the only importer of concrete backends. It must hold no rules and no logic of
// its own beyond reading, checking and joining.
package connect
