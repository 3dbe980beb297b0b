package errcode

import "slices"

// Operations lists every call, in the order of a run.
func Operations() []Operation { return slices.Clone(operations) }

var operations = []Operation{
	OpExchangeCode, OpInspectToken,
	OpClientBusiness, OpListBusinesses, OpListOwned, OpListClients, OpListPages, OpPageBusiness, OpListNumbers,
	OpCreateWaba, OpSubscribeApp, OpAddNumber, OpRegisterNumber, OpReadNumber, OpListSubscribers,
	OpRequestCode, OpVerifyCode, OpSetPin, OpDeregister, OpUnsubscribeApp,
}

// Calls about an account or a number are answered by WhatsApp behind the Graph API,
// with codes of its own.
var (
	whatsappCalls = []Operation{
		OpListNumbers, OpSubscribeApp, OpAddNumber, OpRegisterNumber, OpReadNumber, OpListSubscribers, OpDeregister, OpUnsubscribeApp,
		OpRequestCode, OpVerifyCode, OpSetPin,
	}
	numberCalls = []Operation{OpRegisterNumber, OpReadNumber, OpDeregister, OpRequestCode, OpVerifyCode, OpSetPin}
	onAndOff    = []Operation{OpRegisterNumber, OpDeregister}
	nowhere     = []Operation{}
)

// places says where codes are met that are not of the Graph API as a whole, by code
// and subcode, else by code. Beyond the codes of the Graph API as a whole, what is
// not here is about messages, templates, calls or migration: no call of ours meets it.
// Source: the pages that the rows name.
var places = map[metaKey][]Operation{
	{4, 2446080}:   {OpAddNumber},
	{33, 0}:        numberCalls,
	{100, 36007}:   {OpExchangeCode},
	{100, 36008}:   {OpExchangeCode},
	{100, 36009}:   {OpExchangeCode},
	{100, 2207013}: whatsappCalls,
	{100, 2207051}: {OpDeregister},
	{200, 1349175}: {OpAddNumber},
	{506, 0}:       nowhere, // posts
	{2200, 0}:      nowhere, // a callback of our own at Meta
	{131000, 0}:    whatsappCalls,
	{131005, 0}:    whatsappCalls,
	{131008, 0}:    whatsappCalls,
	{131009, 0}:    whatsappCalls,
	{131016, 0}:    whatsappCalls,
	{131031, 0}:    whatsappCalls,
	{131037, 0}:    {OpRegisterNumber},
	{131042, 0}:    {OpRegisterNumber},
	{131045, 0}:    {OpRegisterNumber},
	{131057, 0}:    whatsappCalls,
	{133000, 0}:    onAndOff,
	{133004, 0}:    onAndOff,
	{133005, 0}:    {OpRegisterNumber},
	{133006, 0}:    {OpRegisterNumber},
	{133008, 0}:    {OpRegisterNumber},
	{133009, 0}:    {OpRegisterNumber},
	{133010, 0}:    onAndOff,
	{133015, 0}:    onAndOff,
	{133016, 0}:    onAndOff,
	{135000, 0}:    whatsappCalls,
	{136024, 0}:    {OpRequestCode},
	{136025, 0}:    {OpVerifyCode},
	{2388012, 0}:   {OpAddNumber},
	{2388091, 0}:   {OpRequestCode},
	{2388093, 0}:   {OpVerifyCode},
	{2494100, 0}:   numberCalls,
}

// Codes of the Graph API as a whole, which any call can meet.
const lastGraphCode = 2500

// Where returns the calls of ours that can meet this error; none where it is about
// something that we do not do.
func (e MetaError) Where() []Operation {
	if len(e.Only) > 0 {
		return slices.Clone(e.Only)
	}
	for _, key := range []metaKey{{e.Code, e.Subcode}, {e.Code, 0}} {
		if ops, ok := places[key]; ok && (key.subcode == e.Subcode || e.Code > lastGraphCode) {
			return slices.Clone(ops)
		}
	}
	if e.Code <= lastGraphCode || e.Code >= 80000 && e.Code <= 80014 {
		return Operations()
	}
	return nil
}
