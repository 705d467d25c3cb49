// A stand-in for Terraform's AWS provider, for machines that can't have the real one.
//
// It serves the schemas of a file (made by tools/infra/schema.py from HashiCorp's typed bindings), so that the real
// Terraform validates and plans the real configurations: a misspelt argument, a missing one, an unknown type and a
// reference to an attribute that doesn't exist are refused as they would be with the provider itself. It makes
// nothing and calls nobody. What the cloud would fill in (ids, ARNs, addresses) is made up from the resource's own
// name, and always the same, so that the plan of an environment can be read by tests: policies, rules, addresses.
// While it plans, the provider itself knows none of that; with VOTEWAVE_AWS_UNKNOWN this one doesn't either, and Terraform
// refuses what can't be planned then, such as a for_each over it.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"sort"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const (
	schemaVariable  = "VOTEWAVE_AWS_SCHEMA"
	unknownVariable = "VOTEWAVE_AWS_UNKNOWN"
)

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	WriteOnly bool            `json:"write_only"`
}

type blockType struct {
	Nesting string `json:"nesting_mode"`
	Min     int64  `json:"min_items"`
	Max     int64  `json:"max_items"`
	Block   block  `json:"block"`
}

type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]blockType `json:"block_types"`
}

type schemas struct {
	Provider  map[string]block `json:"provider"`
	Resource  map[string]block `json:"resource"`
	Data      map[string]block `json:"data"`
	Ephemeral map[string]block `json:"ephemeral"`
}

// protocol turns a block into the protocol's form.
func (b block) protocol() (*tfprotov5.SchemaBlock, error) {
	made := &tfprotov5.SchemaBlock{}
	for _, name := range sorted(b.Attributes) {
		a := b.Attributes[name]
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the only reader of this form there is
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		made.Attributes = append(made.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional,
			// The bindings don't tell which optional arguments the cloud fills in; to allow it for all harms nothing.
			Computed:  !a.Required && !a.WriteOnly,
			WriteOnly: a.WriteOnly,
		})
	}
	for _, name := range sorted(b.Blocks) {
		t := b.Blocks[name]
		inner, err := t.Block.protocol()
		if err != nil {
			return nil, fmt.Errorf("%s.%w", name, err)
		}
		mode, known := map[string]tfprotov5.SchemaNestedBlockNestingMode{
			"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
			"list":   tfprotov5.SchemaNestedBlockNestingModeList,
			"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
		}[t.Nesting]
		if !known {
			return nil, fmt.Errorf("%s: no nesting mode %q", name, t.Nesting)
		}
		made.BlockTypes = append(made.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: mode, MinItems: t.Min, MaxItems: t.Max,
		})
	}
	return made, nil
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

type server struct {
	read      schemas
	provider  *tfprotov5.Schema
	resource  map[string]*tfprotov5.Schema
	data      map[string]*tfprotov5.Schema
	ephemeral map[string]*tfprotov5.Schema
	region    string
	account   string
	unknown   bool // what the cloud fills in stays unknown while a resource is planned
}

func newServer(file string) (*server, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &server{region: "us-east-1", account: "000000000000", unknown: os.Getenv(unknownVariable) != ""}
	if err := json.Unmarshal(text, &s.read); err != nil {
		return nil, err
	}
	all := func(blocks map[string]block) (map[string]*tfprotov5.Schema, error) {
		made := map[string]*tfprotov5.Schema{}
		for name, b := range blocks {
			p, err := b.protocol()
			if err != nil {
				return nil, fmt.Errorf("%s.%w", name, err)
			}
			made[name] = &tfprotov5.Schema{Block: p}
		}
		return made, nil
	}
	providers, err := all(s.read.Provider)
	if err != nil {
		return nil, err
	}
	s.provider = providers["aws"]
	if s.resource, err = all(s.read.Resource); err != nil {
		return nil, err
	}
	if s.data, err = all(s.read.Data); err != nil {
		return nil, err
	}
	s.ephemeral, err = all(s.read.Ephemeral)
	return s, err
}

func problem(err error) []*tfprotov5.Diagnostic {
	return []*tfprotov5.Diagnostic{{Severity: tfprotov5.DiagnosticSeverityError, Summary: err.Error()}}
}

func (s *server) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	return nil, errors.New("not offered; Terraform then asks for the schema")
}

func (s *server) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		Provider: s.provider, ResourceSchemas: s.resource, DataSourceSchemas: s.data, EphemeralResourceSchemas: s.ephemeral,
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
	}, nil
}

func (s *server) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (s *server) ConfigureProvider(_ context.Context, r *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	if config, err := r.Config.Unmarshal(s.provider.ValueType()); err == nil {
		if region := text(members(config)["region"]); region != "" {
			s.region = region
		}
		var accounts []tftypes.Value
		if allowed := members(config)["allowed_account_ids"]; allowed.IsKnown() && !allowed.IsNull() {
			if allowed.As(&accounts) == nil && len(accounts) == 1 {
				s.account = text(accounts[0])
			}
		}
	}
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (s *server) ValidateResourceTypeConfig(context.Context, *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return &tfprotov5.ValidateResourceTypeConfigResponse{}, nil
}

func (s *server) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

func (s *server) ValidateEphemeralResourceConfig(context.Context, *tfprotov5.ValidateEphemeralResourceConfigRequest) (*tfprotov5.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov5.ValidateEphemeralResourceConfigResponse{}, nil
}

func (s *server) UpgradeResourceState(context.Context, *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	return nil, errors.New("this stand-in has no state")
}

func (s *server) ReadResource(_ context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	return &tfprotov5.ReadResourceResponse{NewState: r.CurrentState}, nil
}

func (s *server) ImportResourceState(context.Context, *tfprotov5.ImportResourceStateRequest) (*tfprotov5.ImportResourceStateResponse, error) {
	return nil, errors.New("this stand-in imports nothing")
}

func (s *server) MoveResourceState(context.Context, *tfprotov5.MoveResourceStateRequest) (*tfprotov5.MoveResourceStateResponse, error) {
	return nil, errors.New("this stand-in moves nothing")
}

func (s *server) PlanResourceChange(_ context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	planned, err := s.filled(s.resource[r.TypeName], s.read.Resource[r.TypeName], r.TypeName, r.ProposedNewState, s.unknown)
	if err != nil {
		return &tfprotov5.PlanResourceChangeResponse{Diagnostics: problem(err)}, nil
	}
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: planned}, nil
}

func (s *server) ApplyResourceChange(context.Context, *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	return nil, errors.New("this stand-in of the AWS provider only validates and plans; nothing was made")
}

func (s *server) ReadDataSource(_ context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	state, err := s.filled(s.data[r.TypeName], s.read.Data[r.TypeName], r.TypeName, r.Config, false)
	if err != nil {
		return &tfprotov5.ReadDataSourceResponse{Diagnostics: problem(err)}, nil
	}
	return &tfprotov5.ReadDataSourceResponse{State: state}, nil
}

func (s *server) OpenEphemeralResource(_ context.Context, r *tfprotov5.OpenEphemeralResourceRequest) (*tfprotov5.OpenEphemeralResourceResponse, error) {
	state, err := s.filled(s.ephemeral[r.TypeName], s.read.Ephemeral[r.TypeName], r.TypeName, r.Config, false)
	if err != nil {
		return &tfprotov5.OpenEphemeralResourceResponse{Diagnostics: problem(err)}, nil
	}
	return &tfprotov5.OpenEphemeralResourceResponse{Result: state}, nil
}

func (s *server) RenewEphemeralResource(context.Context, *tfprotov5.RenewEphemeralResourceRequest) (*tfprotov5.RenewEphemeralResourceResponse, error) {
	return &tfprotov5.RenewEphemeralResourceResponse{}, nil
}

func (s *server) CloseEphemeralResource(context.Context, *tfprotov5.CloseEphemeralResourceRequest) (*tfprotov5.CloseEphemeralResourceResponse, error) {
	return &tfprotov5.CloseEphemeralResourceResponse{}, nil
}

func (s *server) GetFunctions(context.Context, *tfprotov5.GetFunctionsRequest) (*tfprotov5.GetFunctionsResponse, error) {
	return &tfprotov5.GetFunctionsResponse{}, nil
}

func (s *server) CallFunction(context.Context, *tfprotov5.CallFunctionRequest) (*tfprotov5.CallFunctionResponse, error) {
	return nil, errors.New("this stand-in has no functions")
}

// filled returns a value whose computed members are made up or unknown, and whose write-only ones are gone.
func (s *server) filled(schema *tfprotov5.Schema, b block, name string, value *tfprotov5.DynamicValue, unknown bool) (*tfprotov5.DynamicValue, error) {
	if schema == nil {
		return nil, fmt.Errorf("no such type: %s", name)
	}
	kind := schema.ValueType()
	state, err := value.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	if state.IsNull() { // it is to be destroyed
		return value, nil
	}
	values := members(state)
	who := s.identity(name, values)
	for field, a := range b.Attributes {
		it := values[field]
		switch {
		case a.WriteOnly:
			values[field] = tftypes.NewValue(it.Type(), nil)
		case name == "aws_acm_certificate" && field == "domain_validation_options":
			values[field] = who.validations(it.Type(), values, unknown)
		case unknown && !it.IsKnown():
			// It stays so.
		case !it.IsKnown() || it.IsNull():
			// An optional argument that nobody set stays unset, unless it is one that every resource has in the end.
			if a.Computed && !a.Optional || field == "id" || field == "arn" {
				if unknown {
					values[field] = tftypes.NewValue(it.Type(), tftypes.UnknownValue)
				} else {
					values[field] = who.made(field, it.Type())
				}
			} else if !it.IsKnown() {
				values[field] = tftypes.NewValue(it.Type(), nil)
			}
		}
	}
	made, err := tfprotov5.NewDynamicValue(kind, tftypes.NewValue(kind, values))
	return &made, err
}

func members(value tftypes.Value) map[string]tftypes.Value {
	values := map[string]tftypes.Value{}
	if value.IsKnown() && !value.IsNull() {
		_ = value.As(&values)
	}
	return values
}

func text(value tftypes.Value) string {
	var read string
	if value.Type() != nil && value.Type().Is(tftypes.String) && value.IsKnown() && !value.IsNull() {
		_ = value.As(&read)
	}
	return read
}

type identity struct {
	kind, name, region, account, hash string
}

func (s *server) identity(kind string, values map[string]tftypes.Value) identity {
	who := identity{kind: strings.TrimPrefix(kind, "aws_"), region: s.region, account: s.account}
	if region := text(values["region"]); region != "" {
		who.region = region
	}
	for _, field := range []string{
		"name", "bucket", "identifier", "replication_group_id", "alarm_name", "dashboard_name", "name_prefix", "user_id",
		"alias", "key_id", "domain_name", "url", "db_instance_identifier",
	} {
		if it := text(values[field]); it != "" {
			who.name = it
			break
		}
	}
	var tags map[string]tftypes.Value
	if it, there := values["tags"]; there && it.IsKnown() && !it.IsNull() && it.As(&tags) == nil && who.name == "" {
		who.name = text(tags["Name"])
	}
	sum := sha256.New()
	for _, field := range sorted(values) {
		fmt.Fprintf(sum, "%s=%s;", field, values[field].String())
	}
	who.hash = hex.EncodeToString(sum.Sum([]byte(kind)))[len(kind)*2:][:12]
	if who.name == "" {
		who.name = who.hash
	}
	return who
}

func (who identity) arn() string {
	service, rest, _ := strings.Cut(who.kind, "_")
	switch who.kind {
	case "s3_bucket":
		return "arn:aws:s3:::" + who.name
	case "iam_role", "iam_policy", "iam_instance_profile":
		return fmt.Sprintf("arn:aws:iam::%s:%s/%s", who.account, strings.ReplaceAll(rest, "_", "-"), who.name)
	case "iam_openid_connect_provider":
		return fmt.Sprintf("arn:aws:iam::%s:oidc-provider/%s", who.account, strings.TrimPrefix(who.name, "https://"))
	case "cloudwatch_log_group":
		return fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", who.region, who.account, who.name)
	case "secretsmanager_secret":
		return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s-AbCdEf", who.region, who.account, who.name)
	case "sns_topic":
		return fmt.Sprintf("arn:aws:sns:%s:%s:%s", who.region, who.account, who.name)
	case "ecr_repository":
		return fmt.Sprintf("arn:aws:ecr:%s:%s:repository/%s", who.region, who.account, who.name)
	case "ssm_parameter":
		return fmt.Sprintf("arn:aws:ssm:%s:%s:parameter%s", who.region, who.account, who.name)
	case "autoscaling_group":
		return fmt.Sprintf("arn:aws:autoscaling:%s:%s:autoScalingGroup:%s:autoScalingGroupName/%s", who.region, who.account, who.hash, who.name)
	case "kms_key":
		return fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", who.region, who.account, who.hash)
	}
	if rest == "" {
		rest = service
	}
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s/%s", service, who.region, who.account, rest, who.name)
}

// made returns what the cloud might have answered for a computed member.
func (who identity) made(field string, kind tftypes.Type) tftypes.Value {
	switch {
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, who.word(field))
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, big.NewFloat(1))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, false)
	}
	switch it := kind.(type) {
	case tftypes.List:
		return tftypes.NewValue(kind, who.several(field, it.ElementType))
	case tftypes.Set:
		return tftypes.NewValue(kind, who.several(field, it.ElementType))
	case tftypes.Object:
		values := map[string]tftypes.Value{}
		for name, inner := range it.AttributeTypes {
			values[name] = who.made(name, inner)
		}
		return tftypes.NewValue(kind, values)
	}
	return tftypes.NewValue(kind, nil)
}

// validations returns a certificate's records of validation. Their number and names the provider knows while it plans; what
// they hold it doesn't.
func (who identity) validations(kind tftypes.Type, values map[string]tftypes.Value, unknown bool) tftypes.Value {
	set, isSet := kind.(tftypes.Set)
	if !isSet || !values["domain_name"].IsKnown() || !values["subject_alternative_names"].IsKnown() {
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	}
	names := map[string]bool{text(values["domain_name"]): true}
	var others []tftypes.Value
	if it := values["subject_alternative_names"]; !it.IsNull() && it.As(&others) == nil {
		for _, other := range others {
			names[text(other)] = true
		}
	}
	var made []tftypes.Value
	for _, name := range sorted(names) {
		record := map[string]tftypes.Value{}
		for field, inner := range set.ElementType.(tftypes.Object).AttributeTypes {
			switch {
			case field == "domain_name":
				record[field] = tftypes.NewValue(inner, name)
			case unknown:
				record[field] = tftypes.NewValue(inner, tftypes.UnknownValue)
			default:
				record[field] = who.made(field, inner)
			}
		}
		made = append(made, tftypes.NewValue(set.ElementType, record))
	}
	return tftypes.NewValue(kind, made)
}

func (who identity) several(field string, kind tftypes.Type) []tftypes.Value {
	if field == "names" && who.kind == "availability_zones" {
		zones := []tftypes.Value{}
		for _, letter := range []string{"a", "b", "c"} {
			zones = append(zones, tftypes.NewValue(kind, who.region+letter))
		}
		return zones
	}
	return []tftypes.Value{who.made(field, kind)}
}

func (who identity) word(field string) string {
	switch {
	case field == "account_id" || field == "owner_id" || field == "registry_id":
		return who.account
	case field == "partition":
		return "aws"
	case field == "region" || field == "name" && who.kind == "region":
		return who.region
	case field == "dns_suffix":
		return "amazonaws.com"
	case field == "arn":
		return who.arn()
	case field == "id" && (who.kind == "s3_bucket" || strings.HasPrefix(who.kind, "iam_") && who.kind != "iam_policy"):
		return who.name
	case field == "id" && (who.kind == "iam_policy" || who.kind == "secretsmanager_secret" || strings.HasPrefix(who.kind, "lb") || who.kind == "sns_topic"):
		return who.arn()
	case field == "replicate_source_db":
		return "" // a database that is looked up follows no other
	case field == "cidr_block":
		return "10.255.0.0/16" // of a network that is looked up
	case field == "secret_arn":
		return fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:rds!%s-AbCdEf", who.region, who.account, who.hash)
	case strings.HasSuffix(field, "_arn"):
		return who.arn() + "/" + field
	case field == "address" || strings.HasPrefix(field, "primary_endpoint") || strings.HasPrefix(field, "reader_endpoint"):
		return fmt.Sprintf("%s.%s.%s.amazonaws.com", who.name, who.kind, who.region)
	case field == "endpoint":
		return fmt.Sprintf("%s.%s.%s.amazonaws.com:5432", who.name, who.kind, who.region)
	case field == "dns_name" || strings.HasSuffix(field, "domain_name"):
		return fmt.Sprintf("%s.%s.amazonaws.com", who.name, who.region)
	case field == "repository_url":
		return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", who.account, who.region, who.name)
	case field == "value" && who.kind == "ssm_parameter":
		return "ami-" + who.hash
	case field == "json" || strings.HasSuffix(field, "_json"):
		return "{}"
	}
	return fmt.Sprintf("%s-%s", strings.ReplaceAll(who.kind, "_", "-"), who.hash)
}

func main() {
	s, err := newServer(os.Getenv(schemaVariable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s must name a file that tools/infra/schema.py made: %v\n", schemaVariable, err)
		os.Exit(1)
	}
	if err := tf5server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov5.ProviderServer { return s }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
