# Three zones, each with a public subnet (load balancer, NAT), a private one for machines and one for data without any
# route to the internet.

locals {
  tiers = { public = 0, app = 1, data = 2 }
  subnets = merge([
    for tier, number in local.tiers : {
      for index, zone in var.zones : "${tier}-${substr(zone, -1, 1)}" => {
        tier = tier
        zone = zone
        cidr = cidrsubnet(var.cidr, 4, number * 4 + index)
      }
    }
  ]...)
  letters = [for zone in var.zones : substr(zone, -1, 1)]
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.prefix }
}

# The VPC's default security group, which lets its members talk to each other: it gets no rules and no members.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-unused" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.prefix }
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.value.zone
  cidr_block              = each.value.cidr
  map_public_ip_on_launch = false

  tags = { Name = "${var.prefix}-${each.key}", Tier = each.value.tier }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table" "app" {
  for_each = toset(local.letters)

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-app-${each.key}" }
}

resource "aws_route_table" "data" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.prefix}-data" }
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  subnet_id = aws_subnet.this[each.key].id
  route_table_id = {
    public = aws_route_table.public.id
    app    = aws_route_table.app[substr(each.value.zone, -1, 1)].id
    data   = aws_route_table.data.id
  }[each.value.tier]
}

# A gateway endpoint for S3: image layers come from there, and their traffic is free this way.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.app : table.id]

  tags = { Name = "${var.prefix}-s3" }
}

resource "aws_security_group" "endpoints" {
  #checkov:skip=CKV2_AWS_5:The module way-out attaches it, in the second region only once that takes over.
  name        = "${var.prefix}-endpoints"
  description = "AWS services inside the VPC"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.prefix}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = { for key, subnet in local.subnets : key => subnet if subnet.tier == "app" }

  security_group_id = aws_security_group.endpoints.id
  description       = "HTTPS from the machines in ${each.key}"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

module "way_out" {
  source = "../way-out"

  prefix                      = var.prefix
  region                      = var.region
  vpc_id                      = aws_vpc.this.id
  nat                         = var.nat
  endpoints                   = var.endpoints
  public_subnet_ids           = { for letter in local.letters : letter => aws_subnet.this["public-${letter}"].id }
  machine_subnet_ids          = { for letter in local.letters : letter => aws_subnet.this["app-${letter}"].id }
  route_table_ids             = { for letter, table in aws_route_table.app : letter => table.id }
  endpoints_security_group_id = aws_security_group.endpoints.id

  depends_on = [aws_internet_gateway.this]
}

resource "aws_cloudwatch_log_group" "flow" {
  #checkov:skip=CKV_AWS_338:For how long is a value (log_days, flow_log_days): logs hold addresses of people, so not for longer than needed.
  name              = "/${var.prefix}/flow"
  retention_in_days = var.flow_log_days
  kms_key_id        = var.log_key_arn
}

resource "aws_iam_role" "flow" {
  name        = "${var.prefix}-flow-log"
  description = "Writes who spoke with whom in the VPC"

  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "flow" {
  name = "write"
  role = aws_iam_role.flow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      Resource = "${aws_cloudwatch_log_group.flow.arn}:*"
    }]
  })
}

resource "aws_flow_log" "this" {
  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow.arn
  iam_role_arn    = aws_iam_role.flow.arn

  tags = { Name = var.prefix }
}
