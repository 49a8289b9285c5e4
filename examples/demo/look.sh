# How the demonstration looks at what was made: by the platforms' own command
# lines, never by this project's. Sourced; $out is the demonstration's folder.
# shellcheck shell=bash

# look_openstack SITE COMMAND...: the openstack command at a site of the lab.
look_openstack() {
  local site=$1
  shift
  openstack --os-cloud "lab-$site" "$@"
}

# look_vsphere SITE COMMAND...: govc at a vCenter of the sandbox.
look_vsphere() {
  local site=$1 file=$out/sandbox/psn.yaml
  shift
  GOVC_URL=$(of_site "$site" endpoint "$file") GOVC_USERNAME=$(of_site "$site" username "$file") \
  GOVC_PASSWORD=$(cat "$out/sandbox/$(of_site "$site" password_file "$file")") \
  GOVC_TLS_CA_CERTS=$out/sandbox/$(of_site "$site" ca_file "$file") GOVC_PERSIST_SESSION=false \
    govc "$@"
}

# of_site SITE KEY FILE: a value of the site's vCenter in the sandbox's psn.yaml.
of_site() {
  awk -v site="$1:" -v key="$2:" '
    /^[a-z]/ { in_sites = $1 == "sites:"; next }
    in_sites && /^    [a-z-]+:$/ { here = $1 == site; next }
    here && $1 == key { gsub(/"/, "", $2); print $2; exit }' "$3"
}

# look NAME SITE PLATFORM ROLE fails unless the machine stands there: running
# when it is active, off when it is a standby.
look() {
  local name=$1 site=$2 on=$3 role=$4 want state
  if [ "$on" = openstack ]; then
    want=$([ "$role" = active ] && echo ACTIVE || echo SHUTOFF)
    state=$(look_openstack "$site" server list --all-projects --name "^$name\$" -f value -c Status)
  else
    want=$([ "$role" = active ] && echo poweredOn || echo poweredOff)
    state=$(look_vsphere "$site" vm.info -vm.ipath "$(look_vsphere "$site" find / -type m -name "$name")" | sed -n 's/ *Power state: *//p')
  fi
  [ "$state" = "$want" ] || { echo "demo: $name at $site ($on) is \"$state\", as $role it should be $want" >&2; return 1; }
  printf '%-18s %-22s %-10s %-8s %s\n' "$name" "$site" "$on" "$role" "$state"
}

# everything lists what stands on all sites of the lab, and of the sandbox when
# there is one, to compare before and after. Neutron makes a group "default" for
# any project that comes by, the cloud's own ones among them: those of projects
# that stand say nothing, one of a project that is gone does.
everything() {
  local site kind projects
  look_openstack acilia project list -f value -c Name | sort | sed 's/^/project /'
  projects=$(look_openstack acilia project list -f value -c ID)
  for site in acilia pomezia rozzano santo-stefano-ticino; do
    for kind in "server list --all-projects" "volume list --all-projects" "network list" "router list" "port list" "image list" "flavor list --all"; do
      # shellcheck disable=SC2086
      look_openstack "$site" $kind -f value -c ID -c Name | sort | sed "s/^/$site ${kind% list*} /"
    done
    look_openstack "$site" security group list -f value -c ID -c Name -c Project | sed "s/$/ /" |
      { grep -v -F "$(printf ' default %s \n' $projects)" || true; } | sort | sed "s/^/$site security group /"
    [ ! -e "$out/sandbox/psn.yaml" ] || look_vsphere "$site" find / -type m | sort | sed "s/^/$site vm /"
  done
}

# both_configs SANDBOX LAB: one psn.yaml with the platforms of both, all paths
# absolute.
both_configs() {
  awk -v dir="$(dirname "$1")" -v labdir="$(dirname "$2")" '
    function absolute(line, dir,   key, value) {
      if (match(line, /^ *(clouds_file|ca_file|password_file|devices|dir|state_dir): /)) {
        key = substr(line, 1, RLENGTH); value = substr(line, RLENGTH + 1); gsub(/"/, "", value)
        if (value !~ /^\//) return key dir "/" value
      }
      return line
    }
    FNR == NR { # the lab: remember the lines of each site
      if (/^[a-z]/) { sites = $1 == "sites:"; next }
      if (sites && /^  [a-z-]+:$/) { site = $1; next }
      if (sites) block[site] = block[site] "    " absolute($0, labdir) "\n"
      next
    }
    /^[a-z]/ { top = $1 }
    { print absolute($0, dir) }
    top == "sites:" && /^    [a-z-]+:$/ { printf "%s", block[$1] }' "$2" "$1"
}

# whole_zones LAB: the lab's psn.yaml, all paths absolute, with no host of a zone
# held back for the failure of another.
whole_zones() {
  sed -E "s|^( *)(clouds_file\|ca_file): ([^/].*)|\1\2: $(dirname "$1")/\3|; s|^( *)create_flavors:.*|&\n\1host_failures: 0|" "$1"
}

# real_zone LAB.JSON: the zone at Acilia whose guests run; a common one when the
# lab was brought up without one.
real_zone() {
  local zone
  zone=$(sed -n 's/.*"real_zone": "\([^"]\{1,\}\)".*/\1/p' "$1" | head -1)
  echo "${zone:-acilia-az1}"
}

# boots FILE waits until the front desk tells on its console that it runs, and
# compares the bytes it started from with those of the file.
boots() {
  [ "$TF_VAR_zone" != acilia-az1 ] || return 0
  local log='' want server
  want=$(head -c 1048576 "$1" | sha256sum | cut -d' ' -f1)
  server=$(look_openstack acilia server list --all-projects --name '^sportello$' -f value -c ID)
  for _ in $(seq 90); do
    log=$(look_openstack acilia console log show "$server" 2>/dev/null || true)
    case $log in *"PSN-GUEST ready"*) break ;; esac
    sleep 2
  done
  shown openstack --os-cloud lab-acilia console log show sportello
  grep -o 'PSN-GUEST.*' <<<"$log" || { echo "demo: the front desk does not boot" >&2; return 1; }
  grep -q "sha256 $want" <<<"$log" || { echo "demo: the guest does not see the bytes of its image ($want)" >&2; return 1; }
  note "its first disk begins with the very bytes of the image"
}
