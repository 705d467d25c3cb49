variables {
  prefix      = "votewave-staging"
  cidr        = "10.20.0.0/16"
  zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat         = "one"
  region      = "eu-central-1"
  log_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/logs"

  boundary_arn = "arn:aws:iam::111122223333:policy/within-votewave-staging"
}

run "three_tiers_in_three_zones" {
  command = plan

  assert {
    condition     = length(aws_subnet.this) == 9 && length(distinct([for subnet in aws_subnet.this : subnet.cidr_block])) == 9
    error_message = "Nine subnets, none of which overlaps another."
  }

  assert {
    condition     = aws_subnet.this["data-c"].cidr_block == "10.20.160.0/20" && aws_subnet.this["data-c"].availability_zone == "eu-central-1c"
    error_message = "Subnets stay where they are: their addresses follow from tier and zone."
  }

  assert {
    condition     = length(module.way_out.nat_gateway_ids) == 1 && length(module.way_out.ways) == 3
    error_message = "One gateway serves the machines of three zones."
  }
}

run "a_gateway_in_each_zone" {
  command = plan

  variables {
    nat = "each_zone"
  }

  assert {
    condition     = length(module.way_out.nat_gateway_ids) == 3
    error_message = "A lost zone takes nobody's way out with it."
  }
}

run "no_way_out" {
  command = plan

  variables {
    nat = "none"
  }

  assert {
    condition     = length(module.way_out.nat_gateway_ids) == 0 && length(module.way_out.ways) == 0
    error_message = "Without NAT there is no way out."
  }
}

run "two_zones_are_too_few" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }

  expect_failures = [var.zones]
}

run "a_small_block_is_too_small" {
  command = plan

  variables {
    cidr = "10.20.0.0/20"
  }

  expect_failures = [var.cidr]
}
