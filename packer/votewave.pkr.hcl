# The machine images: `server` (Consul and Nomad servers) and `client` (of the classes edge and app).
#
#   ./just pipeline machine-image validate
#   ./just pipeline machine-image build --env staging --role server --region eu-central-1 --subnet subnet-… \
#     --profile votewave-… --key arn:…
#
# The build machine has no open port: Packer connects through Session Manager, whose agent the machine fetches and
# verifies when it starts.

packer {
  required_version = ">= 1.12.0"

  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.2, < 2.0.0"
    }
  }
}

locals {
  pins     = jsondecode(file("${path.root}/versions.json"))
  names    = jsondecode(file("${path.root}/../terraform/modules/naming/names.json"))
  debian   = local.pins.debian
  machines = { amd64 = { ec2 = "x86_64", type = "t3.small" }, arm64 = { ec2 = "arm64", type = "t4g.small" } }
  machine  = local.machines[var.architecture]
  built_at = formatdate("YYYYMMDD-hhmm", timestamp())

  tags = {
    (local.names.tags.project)     = local.names.project
    (local.names.tags.environment) = var.environment
    votewave-commit                = var.commit
    votewave-base                  = "{{ .SourceAMIName }}"
    consul                         = local.pins.programs.consul.version
    nomad                          = local.pins.programs.nomad.version
  }

  # The workflow's role may terminate only machines with this tag: those that are building an image.
  build_tags = { votewave-build = "machine-image", Name = "votewave image build" }
}

source "amazon-ebs" "debian" {
  region        = var.region
  instance_type = local.machine.type

  # The newest of Debian's own images: the build would install the latest fixes on an older one anyway, and take longer.
  # The finished image is tagged with its base; `source_ami` repeats a build from that base.
  source_ami = var.source_ami != "" ? var.source_ami : null

  dynamic "source_ami_filter" {
    for_each = var.source_ami != "" ? [] : [1]

    content {
      owners      = [local.debian.owner]
      most_recent = true

      filters = {
        name                = "debian-${local.debian.release}-${var.architecture}-*"
        architecture        = local.machine.ec2
        root-device-type    = "ebs"
        virtualization-type = "hvm"
        state               = "available"
      }
    }
  }

  subnet_id                   = var.subnet
  associate_public_ip_address = false
  iam_instance_profile        = var.profile
  shutdown_behavior           = "terminate"
  ebs_optimized               = true

  communicator            = "ssh"
  ssh_username            = "admin"
  ssh_interface           = "session_manager"
  ssh_timeout             = "15m"
  temporary_key_pair_type = "ed25519"

  user_data = templatefile("${path.root}/user-data.pkrtpl.sh", {
    architecture = var.architecture
    fetch        = file("${path.root}/provision/fetch")
    versions     = file("${path.root}/versions.json")
  })

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 12
    delete_on_termination = true
    # Encrypted from the start: no unencrypted copy exists at any time, and the role needs no right to copy images.
    encrypted  = true
    kms_key_id = var.key
  }

  imds_support    = "v2.0"
  ena_support     = true
  ami_regions     = []
  deprecate_at    = timeadd(timestamp(), "2160h") # ninety days: machines live for thirty
  run_tags        = merge(local.tags, local.build_tags)
  run_volume_tags = merge(local.tags, local.build_tags)
}

build {
  dynamic "source" {
    for_each = var.roles
    labels   = ["amazon-ebs.debian"]

    content {
      name            = source.value
      ami_name        = "votewave-${var.environment}-${source.value}-${local.built_at}"
      ami_description = "VoteWave ${source.value}, Debian ${local.debian.release}, commit ${var.commit}"
      tags            = merge(local.tags, local.build_tags, { Name = "votewave-${var.environment}-${source.value}", (local.names.tags.role) = source.value })
      snapshot_tags   = merge(local.tags, local.build_tags, { (local.names.tags.role) = source.value })
    }
  }

  provisioner "shell" {
    inline = ["cloud-init status --wait >/dev/null", "mkdir -p /tmp/votewave"]
  }

  provisioner "file" {
    sources     = [for part in ["files", "first_boot", "goss", "provision", "versions.json"] : "${path.root}/${part}"]
    destination = "/tmp/votewave/"
  }

  # The last step: it removes the SSH daemon through which Packer is connected.
  provisioner "shell" {
    execute_command   = "sudo env {{ .Vars }} bash {{ .Path }}"
    environment_vars  = ["ROLE=${source.name}", "SOURCE=/tmp/votewave", "ARTEFACTS=/var/tmp/artefacts"]
    expect_disconnect = true
    skip_clean        = true

    inline = [
      "set -e",
      "chmod +x /tmp/votewave/provision/*",
      "/tmp/votewave/provision/fetch --arch ${var.architecture} --versions /tmp/votewave/versions.json /var/tmp/artefacts",
      "/tmp/votewave/provision/run",
      "rm -rf /tmp/votewave /var/tmp/artefacts /tmp/script_*.sh",
    ]
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true

    custom_data = {
      environment = var.environment
      role        = source.name
      commit      = var.commit
    }
  }
}
