variables {
  prefix      = "votewave-staging"
  environment = "staging"
  region      = "eu-central-1"
  account     = "111122223333"
  datacenter  = "staging"
  subnet_ids  = ["subnet-1", "subnet-2", "subnet-3"]
  security_group_ids = {
    server = "sg-1", edge = "sg-2", app = "sg-3"
  }
  target_group_arns = {}
  pools = {
    server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 30 }
    edge   = { type = "c7i.large", least = 2, wished = 2, most = 3, storage = 30 }
    app    = { type = "c7i.large", least = 2, wished = 2, most = 4, storage = 40 }
  }
  machine_image_parameters = { server = "/i/server", edge = "/i/edge", app = "/i/app" }
  role_names               = { server = "s", edge = "e", app = "a" }
  secret_arns = {
    server = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:s"]
    edge   = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:e"]
    app    = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:a"]
  }
  secret_prefix   = "votewave/staging"
  key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/data"
  boundary_arn    = "arn:aws:iam::111122223333:policy/within-votewave-staging"
  repository_arn  = "arn:aws:ecr:eu-central-1:111122223333:repository/votewave"
  log_group_names = { server = "/l/server", edge = "/l/edge", app = "/l/app", tasks = "/l/tasks" }
  join_tag        = { key = "votewave-join", value = "votewave-staging" }
  role_tag        = "votewave-role"
  drain_hook      = "drain"
  launch_hook     = "launch"

  github_repository = "example@1234567/votewave@987654321"
  oidc_issuer       = "https://oidc.staging.vote.example.org"
  paths             = { boot_values = "/etc/votewave/boot.json" }
}

run "machines_are_told_who_they_are" {
  command = plan

  assert {
    condition     = yamldecode(output.user_data["app"]).write_files[0].path == "/etc/votewave/boot.json"
    error_message = "cloud-init writes boot.json."
  }

  assert {
    condition     = jsondecode(yamldecode(output.user_data["edge"]).write_files[0].content).role == "edge"
    error_message = "An edge is told that it is one."
  }

  assert {
    condition     = alltrue([for role, text in output.user_data : length(base64encode(text)) <= 16384])
    error_message = "AWS takes 16 KiB of user data."
  }

  assert {
    condition     = alltrue([for it in aws_launch_template.this : it.metadata_options[0].http_tokens == "required" && it.metadata_options[0].http_put_response_hop_limit == 1])
    error_message = "The metadata service asks for a session and answers one hop far."
  }
}

run "two_servers_have_no_majority" {
  command = plan

  variables {
    pools = {
      server = { type = "m7i.large", least = 2, wished = 2, most = 4, storage = 30 }
      edge   = { type = "c7i.large", least = 2, wished = 2, most = 3, storage = 30 }
      app    = { type = "c7i.large", least = 2, wished = 2, most = 4, storage = 40 }
    }
  }

  expect_failures = [var.pools]
}

run "machines_that_send_in_clear_are_refused" {
  command = plan

  variables {
    pools = {
      server = { type = "m7i.large", least = 3, wished = 3, most = 4, storage = 30 }
      edge   = { type = "t2.large", least = 2, wished = 2, most = 3, storage = 30 }
      app    = { type = "c7i.large", least = 2, wished = 2, most = 4, storage = 40 }
    }
  }

  expect_failures = [var.pools]
}
