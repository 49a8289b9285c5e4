ephemeral "psn_tenant_credential" "deploy" {
  tenant_id = "p_bs"
  site      = "rozzano"
  roles     = ["member"]
  lifetime  = "30m"
}

# Another provider works in the tenant, for the time of a run.
provider "openstack" {
  auth_url                      = ephemeral.psn_tenant_credential.deploy.auth_url
  region                        = ephemeral.psn_tenant_credential.deploy.region
  application_credential_id     = ephemeral.psn_tenant_credential.deploy.id
  application_credential_secret = ephemeral.psn_tenant_credential.deploy.secret
}
