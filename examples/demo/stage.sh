# What the demonstrations share; sourced with $here (examples) and $out (a
# folder of their own) set, and terraform-provider-psn in PATH.
# shellcheck shell=bash
TF=${TF:-tofu}
bin=$(dirname "$(command -v terraform-provider-psn)")

bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'
[ -t 1 ] || bold='' dim='' off=''
chapter() { printf '\n%s== %s ==%s\n' "$bold" "$*" "$off"; }
# shown prints a command as a person would type it.
shown() {
  local words=$*
  [ "$1" != tf ] || words="${TF##*/} ${words#tf }"
  printf '%s$ %s%s\n' "$bold" "${words//$out/DEMO}" "$off"
}
note() { printf '%s# %s%s\n' "$dim" "$*" "$off"; }
run() {
  shown "$@"
  "$@"
}
# must_fail runs a command that has to fail with exit code $1.
must_fail() {
  local want=$1 got=0
  shift
  shown "$@"
  "$@" || got=$?
  [ "$got" = "$want" ] || { echo "demo: expected exit code $want, got $got" >&2; exit 1; }
  note "exit code $got, as it must be"
}

# own_folder refuses to work in a folder with somebody else's files.
own_folder() {
  if [ -n "$(ls -A "$out")" ] && [ ! -e "$out/.psn-demo" ]; then
    echo "demo: $out holds files that this demo did not make; name an empty folder" >&2
    exit 2
  fi
}

# set_stage empties the folder and lets the CLI use the provider that was built.
set_stage() {
  rm -rf "${out:?}"/*
  touch "$out/.psn-demo"
  export TF_CLI_CONFIG_FILE=$out/dev.tfrc TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
  cat >"$TF_CLI_CONFIG_FILE" <<EOF
provider_installation {
  dev_overrides { "italia/psn" = "$bin" }
  direct {}
}
EOF
}

[ -t 1 ] || export TF_CLI_ARGS=-no-color
# tf runs the CLI without its warning about the development override.
tf() {
  "$TF" "$@" 2>&1 | awk '
    /Warning: Provider development overrides/ { skip = 1; held = 0; next }
    skip { if (/releases\./) { skip = 0; eat = 1 }; next }
    eat { eat = 0; if (/╵/ || /^$/) next }
    held { print top; held = 0 }
    /╷/ { top = $0; held = 1; next }
    { print }'
}
# summary shows the end of a plan; the whole of it is in the named file.
summary() {
  local file=$1
  shift
  shown "$@"
  "$@" >"$file" || { cat "$file"; return 1; }
  sed -n '/Plan: /,$p' "$file"
  note "the whole plan is in ${file//$out/DEMO} ($(wc -l <"$file") lines)"
}
