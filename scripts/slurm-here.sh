#!/bin/sh
# A small Slurm of its own on this machine, for tests: one controller and some slurmd, each with its own port, all in one
# folder. The system's own Slurm, if there is one, is not touched.
# usage: slurm-here.sh ensure                  installs the distribution's Slurm and MUNGE where they are missing
#        slurm-here.sh start DIR NODES PORT    starts the nodes n1 to nNODES; takes PORT and the NODES ports after it
#        slurm-here.sh node DIR N              starts the slurmd of node nN again
#        slurm-here.sh stop DIR                ends all of it
# Afterwards SLURM_CONF=DIR/slurm.conf makes every command of Slurm speak to it.
set -u

# Daemons are where the path of plain users may not lead.
PATH="$PATH:/usr/sbin:/sbin"
export PATH

is_here() {
    for program in munged slurmctld slurmd sbatch squeue scancel scontrol; do
        command -v "$program" >/dev/null || return 1
    done
}

# The packages would start their daemons, which are not wanted: a policy forbids it while they are installed.
apt_install() {
    policy=/usr/sbin/policy-rc.d
    ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod 755 "$policy"
        ours=yes
    fi
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
        slurmctld slurmd slurm-client munge >/dev/null 2>&1
    [ -z "$ours" ] || $as_root rm -f "$policy"
}

ensure() {
    is_here && return
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && as_root=sudo
    fi
    if command -v apt-get >/dev/null; then
        echo "Installing Slurm with apt-get: slurmctld slurmd slurm-client munge"
        apt_install
    elif command -v dnf >/dev/null; then
        echo "Installing Slurm with dnf: slurm slurm-slurmctld slurm-slurmd munge"
        $as_root dnf install -y -q slurm slurm-slurmctld slurm-slurmd munge
    else
        echo "No known package manager has Slurm: please install it by hand."
    fi
    is_here
}

configuration() {
    cat <<END
ClusterName=here
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/%n.log
# Without control groups, as in a container.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2
# A node that is gone is noticed within seconds, and its jobs run elsewhere.
SlurmdTimeout=6
KillWait=2
CompleteWait=0
JobRequeue=1
ReturnToService=2
NodeName=n[1-$nodes] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus
PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP
END
}

start_all() {
    user=$(id -un)
    # Each node is taken to have all processors of the machine.
    cpus=$(nproc)
    mkdir -p "$dir/state"
    # Messages between the daemons are signed by a key that only they have.
    chmod 711 "$dir"
    head -c 1024 /dev/urandom >"$dir/munge.key"
    chmod 400 "$dir/munge.key"
    configuration >"$dir/slurm.conf"
    export SLURM_CONF="$dir/slurm.conf"
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
        --log-file="$dir/munged.log" --seed-file="$dir/munged.seed" || return
    slurmctld || return
    for n in $(seq "$nodes"); do
        node "$n" || return
    done
    tries=0
    until [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" -eq "$nodes" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ]; then
            echo "The nodes do not become idle:"
            sinfo -N
            tail -n 5 "$dir"/*.log
            return 1
        fi
        sleep 0.3
    done
}

node() {
    mkdir -p "$dir/n$1"
    SLURM_CONF="$dir/slurm.conf" slurmd -N "n$1"
}

# Steps outlive their slurmd: they are told from all other processes by their controller's configuration.
steps() {
    for process in $(pgrep slurmstepd); do
        tr '\0' '\n' 2>/dev/null <"/proc/$process/environ" | grep -qxF "SLURM_CONF=$dir/slurm.conf" && echo "$process"
    done
}

stop_all() {
    export SLURM_CONF="$dir/slurm.conf"
    # Jobs first: whoever runs them must still be there to end them.
    jobs=$(timeout 5 squeue -h -o %A 2>/dev/null | sort -u)
    # shellcheck disable=SC2086  # a list of jobs
    [ -z "$jobs" ] || timeout 5 scancel -f -s KILL $jobs
    [ -z "$jobs" ] || sleep 1
    for signal in TERM KILL; do
        for pid_file in "$dir"/n*.pid "$dir/slurmctld.pid" "$dir/munged.pid"; do
            [ -f "$pid_file" ] && kill -s "$signal" "$(cat "$pid_file")" 2>/dev/null
        done
        # shellcheck disable=SC2046  # a list of processes
        kill -s "$signal" $(steps) 2>/dev/null
        sleep 0.5
    done
    return 0
}

dir=${2:-}
case ${1:-} in
ensure) ensure ;;
start)
    nodes=${3:?} port=${4:?}
    start_all
    ;;
node) node "${3:?}" ;;
stop) stop_all ;;
*)
    sed -n '2,8s/^# //p' "$0"
    exit 2
    ;;
esac
