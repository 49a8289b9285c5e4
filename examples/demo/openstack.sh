#!/usr/bin/env bash
# The operator's part on a real OpenStack, alone or beside the sandbox's vCenters.
# Usage: openstack.sh openstack|both FOLDER, with psn in PATH, TF naming a
# Terraform-compatible CLI, PSN_LAB naming the command of the OpenStack lab and,
# for both, govc in PATH (`make demo PLATFORM=openstack|both` does all that).
# What it makes is in FOLDER and in the lab, which goes on running; nothing
# outside this machine is contacted.
set -euo pipefail

platform=$1
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
# shellcheck source=stage.sh
. "$here/demo/stage.sh"
# shellcheck source=look.sh
. "$here/demo/look.sh"
config=$(if [ "$platform" = both ]; then echo mixed; else echo openstack; fi)

cleanup() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ] && [ -e "$out/operator/terraform.tfstate" ] && [ -z "${KEEP:-}" ]; then
    echo "demo: something failed; taking away what was made" >&2
    "$TF" -chdir="$out/operator" destroy -auto-approve >"$out/destroy.txt" 2>&1 || echo "demo: not all could be taken away: see $out/destroy.txt" >&2
  fi
  [ "$platform" = openstack ] || psn sandbox down --dir "$out/sandbox" >/dev/null 2>&1 || true
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

own_folder
psn sandbox down --dir "$out/sandbox" >/dev/null 2>&1 || true
set_stage

chapter "1. The clouds of the four sites"
run "$PSN_LAB" up
eval "$("$PSN_LAB" env)"
lab=$PSN_OPENSTACK
export OS_CLIENT_CONFIG_FILE=$lab/clouds.yaml PSN_CONFIG=$lab/psn.yaml
run look_openstack acilia availability zone list --compute -c "Zone Name" -c "Zone Status"
if [ "$platform" = openstack ]; then
  # The zone whose guests run has one host only: none is held back for it.
  whole_zones "$lab/psn.yaml" >"$out/psn.yaml"
  export PSN_CONFIG=$out/psn.yaml
else
  run psn sandbox up --dir "$out/sandbox"
  both_configs "$out/sandbox/psn.yaml" "$lab/psn.yaml" >"$out/psn.yaml"
  export PSN_CONFIG=$out/psn.yaml
  note "one configuration file for both: $(grep -c ' endpoint:' "$PSN_CONFIG") vCenters and $(grep -c ' cloud:' "$PSN_CONFIG") clouds"
fi
everything >"$out/before.txt"

chapter "2. Operator: from nothing to machines that run"
cp -r "$here/$config" "$out/operator"
if [ "$platform" = openstack ]; then
  run "$PSN_LAB" guest "$out/guest.raw"
  TF_VAR_image_file=$out/guest.raw TF_VAR_zone=$(real_zone "$lab/lab.json") TF_VAR_password=$(head -c 18 /dev/urandom | base64)
  export TF_VAR_image_file TF_VAR_zone TF_VAR_password
fi
summary "$out/plan.txt" tf -chdir="$out/operator" plan -out=tenant.tfplan
"$TF" -chdir="$out/operator" show -json tenant.tfplan >"$out/plan.json" 2>/dev/null
run tf -chdir="$out/operator" apply tenant.tfplan
note "a second plan finds nothing to do"
run tf -chdir="$out/operator" plan -detailed-exitcode

chapter "3. The same machines, seen by the platforms' own tools"
"$TF" -chdir="$out/operator" output -raw stand >"$out/stand.txt" 2>/dev/null
echo >>"$out/stand.txt"
while read -r name site on role; do
  look "$name" "$site" "$on" "$role"
done <"$out/stand.txt"
note "$(wc -l <"$out/stand.txt" | tr -d ' ') machines and standbys stand where the placement put them"
if [ "$platform" = openstack ]; then
  run look_openstack acilia image list --name sportello -c Name -c Status
  run look_openstack acilia security group rule list web -c Direction -c "IP Protocol" -c "Port Range"
  boots "$out/guest.raw"
  ! grep -rqF -e "$TF_VAR_password" "$out" || { echo "demo: a secret was written to a file" >&2; exit 1; }
  note "the password that its guest was given is in no plan, no state and no output"
fi

chapter "4. Configurations that cannot be kept: the plan fails before anything is touched"
for broken in broken-region broken-openstack; do
  cp -r "$here/$broken" "$out/$broken"
  must_fail 1 tf -chdir="$out/$broken" plan
done

chapter "5. Auditor: the plan, read again without access to any site"
run psn audit "$out/plan.json"

chapter "6. All of it taken away"
run tf -chdir="$out/operator" destroy -auto-approve >"$out/destroy.txt" || { cat "$out/destroy.txt"; exit 1; }
tail -1 "$out/destroy.txt"
everything >"$out/after.txt"
diff "$out/before.txt" "$out/after.txt" || { echo "demo: what stands is not what stood before" >&2; exit 1; }
note "servers, volumes, networks, images, projects: as before"

chapter "Done"
printf 'Everything is in %s:\n' "$out"
ls "$out"
