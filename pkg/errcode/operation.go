package errcode

// Operation names a call to the Graph API. It is stable: it stands in events, in
// metrics and in the audit log.
type Operation string

// The calls.
const (
	OpExchangeCode    Operation = "exchange_code"
	OpInspectToken    Operation = "inspect_token"
	OpClientBusiness  Operation = "client_business"
	OpListBusinesses  Operation = "list_businesses"
	OpListOwned       Operation = "list_owned_wabas"
	OpListClients     Operation = "list_client_wabas"
	OpListPages       Operation = "list_pages"
	OpPageBusiness    Operation = "page_business"
	OpListNumbers     Operation = "list_phone_numbers"
	OpReadNumber      Operation = "read_phone_number"
	OpCreateWaba      Operation = "create_waba"
	OpSubscribeApp    Operation = "subscribe_app"
	OpListSubscribers Operation = "list_subscribed_apps"
	OpRegisterNumber  Operation = "register_phone"
	OpSetPin          Operation = "set_phone_pin"
	OpRequestCode     Operation = "request_phone_code"
	OpVerifyCode      Operation = "verify_phone_code"
	OpDeregister      Operation = "deregister_phone"
	OpUnsubscribeApp  Operation = "unsubscribe_app"
	OpAddNumber       Operation = "add_phone_number"
)
