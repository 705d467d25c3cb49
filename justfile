# `./just` lists these recipes; `./just <recipe>` runs one. `./just` brings uv and just along.

set positional-arguments

# One virtual environment serves all: `uv run` adds what a recipe needs and removes nothing, and `up` never
# asks for more than the program itself and its embedded servers.
run := "uv run --frozen --no-default-groups --extra embedded"
dev := "uv run --frozen --all-extras --group tally --group load --group fuzz"

# Tests run on every processor, a file at a time, since tests of a file share servers, in the order in which they are
# collected, which has slow files first; `-n 0` runs them one by one. Two processors bear three: of two, a third is
# spent waiting, and four are no quicker.
workers := if num_cpus() == "2" { "3" } else { "logical" }
spread := "-n " + workers + " --maxprocesses 4 --dist loadfile --no-loadscope-reorder"

# list the recipes
@_default:
    {{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted

# start all services with a database and a cache; --demo adds sample data
[no-cd, no-exit-message]
@up *ARGS:
    exec {{ quote(justfile_directory() / "tools/up") }} {{ quote(justfile_directory()) }} "$@"

# check and test everything; arguments go to pytest, whose closing line comes last
[no-exit-message]
@test *ARGS:
    lint=0; {{ quote(just_executable()) }} lint || { lint=$?; echo "The checks failed; see above."; }; \
    {{ dev }} pytest {{ spread }} "$@" || exit $?; \
    exit $lint

# run once more the tests that failed, one by one; arguments go to pytest
[no-exit-message]
@again *ARGS:
    {{ dev }} pytest -n 1 --last-failed --last-failed-no-failures=none "$@"

# the checks: style, format, types (twice), who may import whom
[no-exit-message]
@lint:
    {{ dev }} true
    said() { \
        out=$({{ dev }} "$@" 2>&1) && echo "$*: fine" || { printf '%s\n%s failed\n' "$out" "$*" >&2; return 1; }; \
    }; \
    failed=0; \
    said pyright & slowest=$!; \
    for check in "ruff check" "ruff format --check" lint-imports mypy; do said $check || failed=1; done; \
    {{ dev }} python -m tools.release.form || failed=1; \
    wait $slowest || failed=1; \
    exit $failed

# put the code in shape: format it and mend what can be mended
@fmt:
    {{ dev }} ruff check --fix-only
    {{ dev }} ruff format

# the quick tests, which need no server
[no-exit-message]
@unit *ARGS:
    {{ dev }} pytest {{ spread }} tests/unit "$@"

# the tests against a real PostgreSQL and Valkey, which come with the packages
[no-exit-message]
@integration *ARGS:
    {{ dev }} pytest {{ spread }} tests/integration "$@"

# find or build the programs of the local cluster: Consul, Nomad and so on; `./just tools --help`
[no-exit-message]
@tools *ARGS:
    {{ run }} python tools/build "$@"

# build the image of this work tree; `./just image --help`
[no-exit-message]
@image *ARGS:
    {{ dev }} python -m tools.release.image "$@"

# the local cluster: Consul, Nomad, HAProxy and stand-ins for AWS; `./just cluster up`, `./just cluster --help`
[no-exit-message]
@cluster *ARGS:
    {{ dev }} python -m tools.cluster "$@"

# bring a version to users, or take it back: `./just release --env local --service votebooth --version V`
[no-exit-message]
@release *ARGS:
    {{ dev }} python -m tools.release "$@"

# deploy one service, the gateway, reports or autoscaler, or `all`: `./just deploy votebooth HEAD staging`
[no-exit-message]
@deploy SERVICE VERSION ENV *ARGS:
    what=$1 env=$3 version=$(git rev-parse --verify --quiet "$2^{commit}" || echo "$2"); shift 3; \
    just={{ quote(just_executable()) }}; \
    set -- "$just" release --env "$env" --service "$what" --version "$version" "$@"; \
    [ "$env" = local ] || set -- "$just" pipeline nomad --env "$env" --operator -- "$@" --values @values; \
    exec "$@"

# check the cloud's configurations without an account, and what runs beside Terraform; `./just infra check`
[no-exit-message]
@infra *ARGS:
    {{ dev }} python -m tools.infra "$@"

# what the workflows run: images, machine images, Terraform, a way to Nomad; `./just pipeline --help`
[no-exit-message]
@pipeline *ARGS:
    {{ dev }} python -m tools.pipeline "$@"

# the tests of the machine images, which need root: a plain Debian in a folder, a firewall with packets
[no-exit-message]
@test-machines *ARGS:
    sudo=; [ "$(id -u)" = 0 ] || sudo="sudo env PATH=$PATH HOME=$HOME"; \
    {{ dev }} true && $sudo {{ dev }} --no-sync pytest tests/infra/test_packer_root.py tests/infra/test_packer_firewall.py "$@"

# the README's two commands in fresh clones: below root's home, with spaces, as a user, on a plain Debian
[no-exit-message]
@test-first-minutes *ARGS:
    {{ dev }} pytest tests/first_minutes "$@"

# look for known holes, licences that aren't allowed, mistakes in workflows and scripts; `--offline` asks nobody
[no-exit-message]
@audit *ARGS:
    {{ dev }} python -m tools.pipeline audit "$@"

# the tests against a real Consul and Nomad, which are built once where PATH has none; one cluster serves most of them
[no-exit-message]
@test-cluster *ARGS:
    {{ run }} python tools/build consul nomad nomad-autoscaler > /dev/null
    {{ dev }} pytest -n 2 --dist loadfile --no-loadscope-reorder tests/cluster "$@"

# the web client: `build` it, `dev` serves it with hot reload beside `./just up`, `check` its types against the API, `test` its logic, `words` collects its messages
[no-exit-message]
@web *ARGS:
    {{ run }} --group web python -m services.web "$@"

# take pictures of the client's pages, of a running `./just up --demo`; `./just screens --help`
[no-exit-message]
@screens *ARGS:
    {{ dev }} python -m tools.screens "$@"

# measure; `./just bench votes` measures the vote path
[no-exit-message]
@bench *ARGS:
    uv run --frozen --all-extras --group bench python -m loadtests.bench "$@"

# put a VoteWave under load, and judge it; `./just load gate` is what a release has to pass
[no-exit-message]
@load *ARGS:
    {{ run }} --group load python -m loadtests.load "$@"

# send thousands of requests made of the API's description, and say where the two differ; `./just fuzz --help`
[no-exit-message]
@fuzz *ARGS:
    {{ dev }} python -m tools.fuzz "$@"

# bring the database that the settings name up to date
[no-exit-message]
@migrate *ARGS:
    {{ run }} votewave migrate "$@"

# any command of the program, run in your current folder: `./just votewave tally FILE`
[no-cd, no-exit-message]
@votewave *ARGS:
    exec {{ run }} --project {{ quote(justfile_directory()) }} votewave "$@"

# write the files that are made of the code: routes for the gateway, scopes of API keys, names for the cloud, the table of settings
[no-exit-message]
@generate *ARGS:
    {{ dev }} python -m tools.generate "$@"
