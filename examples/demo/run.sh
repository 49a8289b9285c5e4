#!/usr/bin/env bash
# The whole story on the embedded sandbox: operator, integrator, auditor.
# Usage: run.sh FOLDER, with psn and psn-engine in PATH and TF naming a
# Terraform-compatible CLI (`make demo` does all that). Everything it makes is
# in FOLDER; nothing outside this machine is contacted.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
# shellcheck source=stage.sh
. "$here/demo/stage.sh"

engine_pid='' worker_pid=''
cleanup() {
  trap - EXIT
  [ -z "$worker_pid" ] || kill "$worker_pid" 2>/dev/null || true
  [ -z "$engine_pid" ] || kill "$engine_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  [ -n "${KEEP_SANDBOX:-}" ] || psn sandbox down --dir "$out/sandbox" >/dev/null 2>&1 || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM

own_folder
psn sandbox down --dir "$out/sandbox" >/dev/null 2>&1 || true
set_stage

export PSN_CONFIG=$out/sandbox/psn.yaml
chapter "1. Sandbox: five simulated vCenters, four sites of the PSN and the data centre of the Provincia di Brescia"
run psn sandbox up --dir "$out/sandbox" --write-rate 20
run psn sandbox status --dir "$out/sandbox"

chapter "2. Operator: three services of the Provincia di Brescia over four sites"
cp -r "$here/brescia" "$out/operator"
summary "$out/plan.txt" tf -chdir="$out/operator" plan -out=tenant.tfplan
"$TF" -chdir="$out/operator" show -json tenant.tfplan >"$out/plan.json" 2>/dev/null
run tf -chdir="$out/operator" apply tenant.tfplan
note "a second plan finds nothing to do"
run tf -chdir="$out/operator" plan -detailed-exitcode

note "two configurations that break resilience: the plan fails before anything is touched"
for broken in broken-region broken-capacity; do
  cp -r "$here/$broken" "$out/$broken"
  must_fail 1 tf -chdir="$out/$broken" plan
done

chapter "3. Integrator: protocollo moves from Brescia to its placement"
psn-engine --data "$out/sandbox/engine" >"$out/engine.log" 2>&1 &
engine_pid=$!
for _ in $(seq 120); do
  ! psn migrate list >/dev/null 2>&1 || break
  kill -0 "$engine_pid" 2>/dev/null || { cat "$out/engine.log"; exit 1; }
  sleep 0.5
done
note "psn-engine runs: a durable engine on one SQLite file"
start_worker() {
  psn worker >>"$out/worker.log" 2>&1 &
  worker_pid=$!
}
run psn migrate preflight --source brescia --vm protocollo
start_worker
cp -r "$here/replica" "$out/replica"
summary "$out/replica.txt" tf -chdir="$out/replica" apply -auto-approve
id=p_bs/protocollo-1
run psn migrate wait --id $id --copied 10
note "the worker is killed in the middle of the seed"
run kill -9 "$worker_pid"
wait "$worker_pid" 2>/dev/null || true
sleep 1
start_worker
note "a new worker resumes from the ledger"
run psn migrate wait --id $id --deltas 2
run psn migrate status --id $id
run psn migrate approve --id $id --by "mario.rossi" --note "finestra di manutenzione approvata"
run psn migrate wait --id $id --phase verified
run psn migrate report --id $id
psn migrate report --id $id --json >"$out/report.json"

note "an independent hash of both disks, by sha256sum, on the two data centres' files"
run psn sandbox disks --dir "$out/sandbox" --vm protocollo --vm protocollo-1
psn sandbox disks --dir "$out/sandbox" --vm protocollo --paths | xargs sha256sum | awk '{print $1}' >"$out/source.sha256"
# protocollo-1 stands at two sites: home, and a standby with empty disks that
# holds the reserve.
home=$("$TF" -chdir="$out/operator" output -json protocollo 2>/dev/null | sed -n 's/.*"site":"\([a-z-]*\)".*/\1/p')
psn sandbox disks --dir "$out/sandbox" --vm protocollo-1 --paths | grep "/datastores/$home/" | xargs sha256sum | awk '{print $1}' >"$out/target.sha256"
paste "$out/source.sha256" "$out/target.sha256"
cmp "$out/source.sha256" "$out/target.sha256"
note "equal: the machine at $home holds the source's last state, byte for byte"
run psn migrate finalize --id $id --by "mario.rossi"

chapter "4. Auditor: the plan, read again without access to any site"
run psn audit "$out/plan.json"
note "somebody edits the plan by hand: every standby moves to the site next door"
"$here/demo/plant-violation" "$out/plan.json" >"$out/plan-edited.json"
must_fail 1 psn audit "$out/plan-edited.json"
psn audit --json "$out/plan-edited.json" >"$out/findings.json" || true

chapter "Done"
printf 'Everything is in %s:\n' "$out"
ls "$out"
