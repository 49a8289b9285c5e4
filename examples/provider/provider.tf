provider "psn" {
  config_file = "psn.yaml" # sites, sources and engine; or PSN_CONFIG
}
