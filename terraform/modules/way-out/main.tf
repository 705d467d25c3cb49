# Egress of the machines' subnets: NAT gateways to the internet, interface endpoints inside the VPC to AWS's services.

locals {
  letters   = sort(keys(var.public_subnet_ids))
  nat_zones = { each_zone = local.letters, one = slice(local.letters, 0, 1), none = [] }[var.nat]
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain = "vpc"

  tags = { Name = "${var.prefix}-nat-${each.key}" }
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = var.public_subnet_ids[each.key]

  tags = { Name = "${var.prefix}-${each.key}" }
}

resource "aws_route" "nat" {
  for_each = var.nat == "none" ? toset([]) : toset(local.letters)

  route_table_id         = var.route_table_ids[each.key]
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[contains(local.nat_zones, each.key) ? each.key : local.nat_zones[0]].id
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.endpoints

  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for letter in local.letters : var.machine_subnet_ids[letter]]
  security_group_ids  = [var.endpoints_security_group_id]

  tags = { Name = "${var.prefix}-${each.key}" }
}
