#!/bin/bash
# The build machine's first steps: the agent by which Packer reaches it, verified as everything else is.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
mkdir -p /var/tmp/build
cat >/var/tmp/build/fetch <<'VOTEWAVE_END'
${fetch}
VOTEWAVE_END
cat >/var/tmp/build/versions.json <<'VOTEWAVE_END'
${versions}
VOTEWAVE_END
apt-get -qq -o DPkg::Lock::Timeout=300 update
apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends gpg ca-certificates python3
python3 /var/tmp/build/fetch --arch ${architecture} --versions /var/tmp/build/versions.json /var/tmp/build amazon-ssm-agent
dpkg --install /var/tmp/build/amazon-ssm-agent.deb
systemctl enable --now amazon-ssm-agent
rm -rf /var/tmp/build
