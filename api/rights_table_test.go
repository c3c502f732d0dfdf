package api_test

// rightsRow is what one operation answers to everybody.
type rightsRow struct {
	operation string
	// want has one letter for each role, in groups:
	//
	//	out     everybody whose sign-in ended, and nobody
	//	own     Anna on her own things, and another user on them
	//	member  those to whom Anna's account is assigned, by a profile and directly,
	//	        with the right to read, to send, to manage, to read and send
	//	admin   an administrator on Anna's things, and his token with every scope
	//	anna    Anna's tokens with one scope: mail:read, mail:send, accounts, admin.
	//	        Anna is no administrator any more.
	//	ada     the administrator's tokens with one scope, on Anna's things
	//
	// A is allowed (2xx, or a refusal for the state of things, 409 or 422, which
	// tells that the right was there), F forbidden (403), H hidden (404), U sign-in
	// needed (401).
	want string
	// request and body name Anna's things in braces, see rightsWorld.aim.
	request, body string
}

var rightsTable = []rightsRow{
	//                   out own member admin anna ada
	{"getSetup", "        A   AA  AAAA   A     AAAA AAAA", "GET /setup", ``},
	{"setUp", "           A   AA  AAAA   A     AAAA AAAA", "POST /setup", `{"token":"x","email":"x@example.com","password":"hunter2-hunter2"}`},
	{"signIn", "          A   AA  AAAA   A     AAAA AAAA", "POST /session", `{"email":"anna@example.com","password":"hunter2-hunter2"}`},
	{"getSession", "      U   AA  AAAA   A     AAAA AAAA", "GET /session", ``},
	{"signOut", "         A   AA  AAAA   A     AAAA AAAA", "DELETE /session", ``},

	// A token of an application makes no others, unless it may administer.
	{"createToken", "     U   AA  AAAA   A     FFFF FFFF", "POST /tokens", `{"name":"x","scopes":["mail:read"]}`},
	{"createToken", "     U   FF  FFFF   A     FFFF FFFA", "POST /tokens", `{"name":"x","scopes":["admin"],"user_id":1}`},
	{"createToken", "     U   AF  FFFF   A     FFFF FFFF", "POST /tokens", `{"name":"x","scopes":["accounts"],"user_id":{user}}`},
	{"listTokens", "      U   AA  AAAA   A     FFFF FFFA", "GET /tokens", ``},
	{"listTokens", "      U   AF  FFFF   A     FFFF FFFA", "GET /tokens?user={user}", ``},
	{"deleteToken", "     U   AH  HHHH   H     FFFF FFFH", "DELETE /tokens/{new-token}", ``},
	{"deleteToken", "     U   AF  FFFF   A     FFFF FFFA", "DELETE /tokens/{new-token}?user={user}", ``},

	{"createUser", "      U   FF  FFFF   A     FFFF FFFA", "POST /users", `{"email":"{new}@example.com"}`},
	{"listUsers", "       U   FF  FFFF   A     FFFF FFFA", "GET /users", ``},
	{"getUser", "         U   AF  FFFF   A     AAAA FFFA", "GET /users/{user}", ``},
	{"updateUser", "      U   AF  FFFF   A     FFFF FFFA", "PATCH /users/{user}", `{"name":"Anna"}`},
	{"updateUser", "      U   FF  FFFF   A     FFFF FFFA", "PATCH /users/{user}", `{"name":"Anna","email":"anna@example.com"}`},
	{"updateUser", "      U   FF  FFFF   A     FFFF FFFA", "PATCH /users/{user}", `{"role":"user"}`},
	{"updateUser", "      U   FF  FFFF   A     FFFF FFFA", "PATCH /users/{user}", `{"disabled":false}`},
	{"updateUser", "      U   FF  FFFF   A     FFFF FFFA", "PATCH /users/{user}", `{"profile_ids":[]}`},
	{"setUserPassword", " U   AF  FFFF   A     FFFF FFFA", "PUT /users/{user}/password", `{"current":"hunter2-hunter2","password":"short"}`},
	{"setDefaultAccount", "U  AF  FFFF   A     FFFF FFFA", "PUT /users/{user}/default-account", `{"account_id":{account}}`},

	{"createProfile", "   U   FF  FFFF   A     FFFF FFFA", "POST /profiles", `{"name":"{new}"}`},
	{"listProfiles", "    U   FF  FFFF   A     FFFF FFFA", "GET /profiles", ``},
	{"deleteProfile", "   U   FF  FFFF   A     FFFF FFFA", "DELETE /profiles/{new-profile}", ``},
	{"createAssignment", "U   FF  FFFF   A     FFFF FFFA", "POST /assignments", `{"account_id":{account},"profile_id":{new-profile},"rights":["read"]}`},
	{"listAssignments", " U   AH  HHAH   A     FFAF FFHF", "GET /assignments?account={account}", ``},
	{"listAssignments", " U   FF  FFFF   A     FFFF FFFA", "GET /assignments?user={user}", ``},
	{"listAssignments", " U   FF  FFFF   A     FFFF FFFA", "GET /assignments?profile={new-profile}", ``},
	{"deleteAssignment", "U   FF  FFFF   A     FFFF FFFA", "DELETE /assignments/{new-assignment}", ``},
	{"setSystemAccount", "U   FF  FFFF   A     FFFF FFFA", "PUT /system-account", `{"account_id":0}`},

	{"listProviders", "   U   AA  AAAA   A     AAAA AAAA", "GET /providers", ``},
	{"getProvider", "     U   AA  AAAA   A     AAAA AAAA", "GET /providers/gmail", ``},
	{"listProviders", "   U   FF  FFFF   A     FFFF FFFA", "GET /providers?all=true", ``},
	{"createProvider", "  U   FF  FFFF   A     FFFF FFFA", "POST /providers", `{"name":"{new}","copy_of":"gmail"}`},
	{"updateProvider", "  U   FF  FFFF   A     FFFF FFFA", "PATCH /providers/{new-provider}", `{"notes":"x"}`},
	{"hideProvider", "    U   FF  FFFF   A     FFFF FFFA", "PUT /providers/{new-provider}/hidden", `{"hidden":true}`},
	{"deleteProvider", "  U   FF  FFFF   A     FFFF FFFA", "DELETE /providers/{new-provider}", ``},
	{"getPolicies", "     U   AA  AAAA   A     AAAA AAAA", "GET /policies", ``},
	{"putPolicies", "     U   FF  FFFF   A     FFFF FFFA", "PUT /policies", `{"copies":"everybody","accounts_per_user":0,"limit_providers":false,"typed_servers":true,"plain":false,"own_accounts":"everything","confirm_domains":false}`},
	{"listTemplates", "   U   AA  AAAA   A     FAFF FAFA", "GET /templates", ``},
	{"listTemplates", "   U   FF  FFFF   A     FFFF FFFA", "GET /templates?all=true", ``},
	{"listTemplates", "   U   FF  FFFF   A     FFFF FFFA", "GET /templates?account={account}", ``},
	{"getTemplate", "     U   AA  AAAA   A     FAFF FAFA", "GET /templates/{template}", ``},
	{"getTemplate", "     U   HH  HHHH   A     FHFF FHFA", "GET /templates/{inactive-template}", ``},
	{"createTemplate", "  U   FF  FFFF   A     FFFF FFFA", "POST /templates", `{"name":"{new}","module":"x"}`},
	{"updateTemplate", "  U   FF  FFFF   A     FFFF FFFA", "PATCH /templates/{template}", `{"subject":"x"}`},
	{"deleteTemplate", "  U   FF  FFFF   A     FFFF FFFA", "DELETE /templates/{inactive-template}", ``},

	{"listTrustedServers", "U FF FFFF   A     FFFF FFFA", "GET /trusted-servers", ``},
	{"trustServer", "     U   FF  FFFF   A     FFFF FFFA", "POST /trusted-servers", `{"host":"{new}.example","port":993,"kind":"key","fingerprint":"abababababababababababababababababababababababababababababababab","reason":"x"}`},
	{"distrustServer", "  U   FF  FFFF   A     FFFF FFFA", "DELETE /trusted-servers/{new-trust}", ``},
	{"listOAuthApps", "   U   FF  FFFF   A     FFFF FFFA", "GET /oauth-apps", ``},
	{"createOAuthApp", "  U   FF  FFFF   A     FFFF FFFA", "POST /oauth-apps", `{"service":"google","name":"{new}","client_id":"x"}`},
	{"getOAuthApp", "     U   FF  FFFF   A     FFFF FFFA", "GET /oauth-apps/{new-app}", ``},
	{"updateOAuthApp", "  U   FF  FFFF   A     FFFF FFFA", "PATCH /oauth-apps/{new-app}", `{"active":false}`},
	{"deleteOAuthApp", "  U   FF  FFFF   A     FFFF FFFA", "DELETE /oauth-apps/{new-app}", ``},
	{"listAudit", "       U   FF  FFFF   A     FFFF FFFA", "GET /audit", ``},
	{"listDomains", "     U   FF  FFFF   A     FFFF FFFA", "GET /domains", ``},
	{"getDomain", "       U   FF  FFFF   A     FFFF FFFA", "GET /domains/{new-domain}", ``},
	{"approveDomain", "   U   FF  FFFF   A     FFFF FFFA", "POST /domains/{new-domain}/approve", ``},
	{"rejectDomain", "    U   FF  FFFF   A     FFFF FFFA", "POST /domains/{new-domain}/reject", ``},
	{"putDomain", "       U   FF  FFFF   A     FFFF FFFA", "PUT /domains/{new}.example", `{"provider_id":"gmail"}`},
	{"deleteDomain", "    U   FF  FFFF   A     FFFF FFFA", "DELETE /domains/{new-domain}", ``},

	{"discover", "        U   AA  AAAA   A     FFAF FFAF", "POST /connect/discover", `{"address":"x@example.com"}`},
	{"followDiscovery", " U   AA  AAAA   A     FFAF FFAF", "POST /connect/discover/follow", `{"address":"x@example.com"}`},
	{"testConnection", "  U   AA  AAAA   A     FFAF FFAF", "POST /connect/test", `{{mailbox}}`},
	{"testConnection", "  U   FF  FFFF   A     FFFF FFFF", "POST /connect/test", `{{mailbox},"organisation":true}`},
	{"followTest", "      U   AA  AAAA   A     FFAF FFAF", "POST /connect/test/follow", `{{mailbox}}`},
	{"connectAccount", "  U   AA  AAAA   A     FFAF FFAF", "POST /connect/save", `{{mailbox}}`},
	{"connectAccount", "  U   AF  FFFF   A     FFAF FFFF", "POST /connect/save", `{{mailbox},"owner_id":{user}}`},
	{"connectAccount", "  U   FF  FFFF   A     FFFF FFFF", "POST /connect/save", `{{mailbox},"organisation":true}`},

	// Who may use an account but not manage it is told so.
	{"listAccounts", "    U   AA  AAAA   A     AAAF AAAF", "GET /accounts?all=true", ``},
	{"getAccount", "      U   AH  AAAA   A     AAAF HHHF", "GET /accounts/{account}", ``},
	{"updateAccount", "   U   AH  FFAF   A     FFAF FFHF", "PATCH /accounts/{account}", `{"note":"x"}`},
	{"deleteAccount", "   U   AH  FFAF   A     FFAF FFHF", "DELETE /accounts/{new-account}", ``},
	{"createAccount", "   U   FF  FFFF   A     FFFF FFFF", "POST /accounts", `{"address":"{new}@example.com","organisation":true}`},
	{"createAccount", "   U   FF  FFFF   A     FFFF FFFF", "POST /accounts", `{"address":"{new}@example.com","like":{account}}`},
	{"exportAccounts", "  U   AA  AAAA   A     AAAF AAAF", "GET /accounts/csv?all=true", ``},
	{"changeAccounts", "  U   FF  FFFF   A     FFFF FFFF", "POST /accounts/bulk", `{"ids":[{account}],"action":"enable"}`},
	{"previewDisconnect", "U  AH  FFAF   A     FFAF FFHF", "GET /accounts/{account}/disconnect", ``},
	{"disconnectAccount", "U  AH  FFAF   A     FFAF FFHF", "POST /accounts/{new-account}/disconnect", ``},
	// What is deleted is hidden from all but its owner and administrators.
	{"listAccounts", "    U   AA  AAAA   A     FFAF FFAF", "GET /accounts?deleted=true", ``},
	{"restoreAccount", "  U   AH  HHHH   A     FFAF FFHF", "POST /accounts/{deleted-account}/restore", ``},
	{"testAccount", "     U   AH  FFAF   A     FFAF FFHF", "POST /accounts/{account}/test", ``},
	{"getSenderHealth", " U   AH  AAAA   A     FFAF FFHF", "GET /accounts/{account}/sender-health", ``},
	{"changeAccountPassword", "U AH FFAF A     FFAF FFHF", "PUT /accounts/{account}/password", `{"password":"the password of the mailbox"}`},
	// Who is asked for a password needs the link alone.
	{"beginSignIn", "     U   AA  AAAA   A     FFAF FFAF", "POST /connect/sign-in", `{"address":"anna@example.com"}`},
	{"beginSignIn", "     U   FF  FFFF   A     FFFF FFFF", "POST /connect/sign-in", `{"address":"anna@example.com","organisation":true}`},
	{"beginAccountSignIn", "U AH  FFAF   A     FFAF FFHF", "POST /accounts/{account}/sign-in", `{}`},
	{"finishSignIn", "    U   HH  HHHH   H     FFHF FFHF", "POST /connect/sign-in/finish", `{"state":"x"}`},
	{"askPassword", "     U   FF  FFFF   A     FFFF FFFF", "POST /accounts/{account}/password-links", `{}`},
	{"listPasswordLinks", "U  FF  FFFF   A     FFFF FFFF", "GET /accounts/{account}/password-links", ``},
	{"closePasswordLink", "U  FF  FFFF   A     FFFF FFFF", "DELETE /accounts/{account}/password-links/{new-link}", ``},
	{"connectAndAsk", "   U   FF  FFFF   A     FFFF FFFF", "POST /connect/ask", `{"account":{"address":"{new}@gmail.com"}}`},
	{"lookAtPasswordLink", "H HH  HHHH   H     HHHH HHHH", "POST /password-link/look", `{"token":"msp_none"}`},
	{"usePasswordLink", " H   HH  HHHH   H     HHHH HHHH", "POST /password-link/use", `{"token":"msp_none","password":"x"}`},
	{"bulkPasswords", "   U   FF  FFFF   A     FFFF FFFF", "POST /accounts/bulk-passwords", `{"rows":[{"address":"{new}@example.com","password":"x"}]}`},
	{"syncAccount", "     U   AH  AHHA   A     AFFF HFFF", "POST /accounts/{account}/sync", ``},

	// Who may not read the mail of an account is told nothing of it.
	{"listFolders", "     U   AH  AHHA   A     AFFF HFFF", "GET /accounts/{account}/folders", ``},
	{"listMessages", "    U   AH  AHHA   A     AFFF HFFF", "GET /accounts/{account}/messages", ``},
	{"exportMail", "      U   AH  AHHA   A     AFFF HFFF", "GET /accounts/{account}/export", ``},
	{"listMessages", "    U   AH  AHHA   A     AFFF HFFF", "GET /accounts/{account}/messages?q=offer&folder={folder}", ``},
	{"getMessage", "      U   AH  AHHA   A     AFFF HFFF", "GET /messages/{message}", ``},
	{"getMessageHTML", "  U   AH  AHHA   A     AFFF HFFF", "GET /messages/{message}/html", ``},
	{"getMessageRaw", "   U   AH  AHHA   A     AFFF HFFF", "GET /messages/{message}/raw", ``},
	{"getAttachment", "   U   AH  AHHA   A     AFFF HFFF", "GET /messages/{message}/attachments/0", ``},
	{"setMessageFlags", " U   AH  AHHA   A     AFFF HFFF", "PUT /messages/{message}/flags", `{"seen":true}`},
	{"setManyMessageFlags", "U AH AHHA   A     AFFF HFFF", "PUT /messages/flags", `{"ids":[{message}],"seen":true}`},
	// An answer is read and sent: no token with one scope begins it.
	{"prepareDraft", "    U   AH  AHHA   A     FFFF FFFF", "GET /messages/{message}/draft", ``},
	{"prepareNewDraft", " U   AA  AAAA   A     FAFF FAFF", "GET /draft", ``},

	// Everybody finds records and reads the mail on them; what types there are, and what
	// the business application calls its records, is for administrators.
	{"listRecordTypes", " U   AA  AAAA   A     AFFF AFFF", "GET /record-types", ``},
	{"putRecordType", "   U   FF  FFFF   A     FFFF FFFA", "PUT /record-types/x{new}", `{"name":"x","link_by_hand":true}`},
	{"deleteRecordType", "U   FF  FFFF   A     FFFF FFFA", "DELETE /record-types/contact", ``},
	{"listRecords", "     U   AA  AAAA   A     AFFF AFFF", "GET /records?type=request&q=x", ``},
	{"createRecord", "    U   AA  AAAA   A     AFFF AFFF", "POST /records", `{"type":"request","name":"x"}`},
	{"createRecord", "    U   FF  FFFF   A     FFFF FFFF", "POST /records", `{"type":"closed","name":"x"}`},
	{"getRecord", "       U   AA  AAAA   A     AFFF AFFF", "GET /records/{new-record}", ``},
	{"deleteRecord", "    U   FF  FFFF   A     FFFF FFFA", "DELETE /records/{new-record}", ``},
	{"putRecord", "       U   FF  FFFF   A     FFFF FFFA", "PUT /record-types/request/records/R-1", `{"name":"x"}`},
	{"getRecordByKey", "  U   AA  AAAA   A     AFFF AFFF", "GET /record-types/request/records/R-1", ``},
	// Who links and unlinks a message must be able to read it in its mailbox.
	{"listMessageLinks", "U   AH  AHHA   A     AFFF HFFF", "GET /messages/{message}/links", ``},
	{"linkMessage", "     U   AH  AHHA   A     AFFF HFFF", "POST /messages/{message}/links", `{"record_id":{new-record}}`},
	{"unlinkMessage", "   U   AH  AHHA   A     AFFF HFFF", "DELETE /messages/{message}/links/{linked-record}", ``},
	{"listRecordMails", " U   AA  AAAA   A     AFFF AFFF", "GET /records/{linked-record}/mails", ``},
	{"getRecordMail", "   U   AA  AAAA   A     AFFF AFFF", "GET /records/{linked-record}/mails/{linked-mail}", ``},
	{"getRecordMailHTML", "U  AA  AAAA   A     AFFF AFFF", "GET /records/{linked-record}/mails/{linked-mail}/html", ``},
	{"getRecordMailRaw", "U   AA  AAAA   A     AFFF AFFF", "GET /records/{linked-record}/mails/{linked-mail}/raw", ``},
	{"getRecordMailAttachment", "U AA AAAA A     AFFF AFFF", "GET /records/{linked-record}/mails/{linked-mail}/attachments/0", ``},
	{"linkRecordMail", "  U   AA  AAAA   A     AFFF AFFF", "PUT /records/{linked-record}/mails/{linked-mail}", ``},
	{"unlinkRecordMail", "U   AF  AFFA   A     AFFF FFFF", "DELETE /records/{linked-record}/mails/{linked-mail}", ``},

	{"submitMail", "      U   AA  AAAA   A     FAFF FAFF", "POST /outbox", `{"to":[{"address":"b@example.com"}]}`},
	{"submitMail", "      U   AF  FAFA   A     FAFF FFFF", "POST /outbox", `{"to":[{"address":"b@example.com"}],"account_id":{account}}`},
	{"submitMail", "      U   AF  FFFF   A     FAFF FFFF", "POST /outbox", `{"to":[{"address":"b@example.com"}],"user_id":{user}}`},
	{"submitMail", "      U   AH  AHHA   A     FFFF FFFF", "POST /outbox", `{"to":[{"address":"b@example.com"}],"parent_id":{message}}`},
	{"submitMail", "      U   AH  AHHA   A     FFFF FFFF", "POST /outbox", `{"to":[{"address":"b@example.com"}],"attachments":[{"message_id":{message},"part":0}]}`},
	{"listOutgoing", "    U   AA  AAAA   A     AAFF AAFF", "GET /outbox", ``},
	{"listOutgoing", "    U   AA  AAAA   A     AAFF AAFF", "GET /outbox?account={account}", ``},
	{"getOutgoing", "     U   AH  AHHA   A     AAFF HHFF", "GET /outbox/{new-mail}", ``},
	// Who steers a mail of somebody else must see it, too.
	{"cancelOutgoing", "  U   AH  HHHA   A     FAFF FHFF", "POST /outbox/{new-mail}/cancel", ``},
	{"retryOutgoing", "   U   AH  HHHA   A     FAFF FHFF", "POST /outbox/{new-mail}/retry", ``},
	{"retryOutgoing", "   U   AH  HHHA   A     FAFF FHFF", "POST /outbox/{new-mail}/retry?force=true", ``},
	{"resolveSender", "   U   AA  AAAA   A     FAAF FAAF", "GET /resolve", ``},
	{"resolveSender", "   U   AF  FFFF   A     FAAF FFFF", "GET /resolve?user={user}", ``},
	{"resolveSender", "   U   AA  AAAA   A     FAAF FAAF", "GET /resolve?template={template}", ``},
	{"resolveSender", "   U   AF  FFFF   A     FAAF FFFF", "GET /resolve?user={user}&template={template}", ``},
	{"submitMail", "      U   AA  AAAA   A     FAFF FAFF", "POST /outbox", `{"to":[{"address":"b@example.com"}],"template_id":{template}}`},

	{"streamEvents", "    U   AA  AAAA   A     AFFF AFFF", "HEAD /events", ``},
	{"listEvents", "      U   AA  AAAA   A     AFFF AFFF", "GET /events/list", ``},
	{"explainError", "    U   AA  AAAA   A     AAAA AAAA", "GET /explain?protocol=smtp&text=535", ``},

	{"beginCheckup", "    U   FF  FFFF   A     FFFF FFFA", "POST /checkups", `{"account_ids":[{account}]}`},
	{"listCheckups", "    U   FF  FFFF   A     FFFF FFFA", "GET /checkups", ``},
	{"getCheckup", "      U   FF  FFFF   H     FFFF FFFH", "GET /checkups/99", ``},
	{"listCheckupResults", "U FF FFFF   H     FFFF FFFH", "GET /checkups/99/results", ``},
	{"cancelCheckup", "   U   FF  FFFF   H     FFFF FFFH", "POST /checkups/99/cancel", ``},
	// What a user sends with is tested by who may see and manage that account.
	{"testSender", "      U   AF  FFFF   A     FFAF FFFF", "POST /users/{user}/test", ``},
	// A test mail is sent by who may send.
	{"sendTestMail", "    U   AH  FAFA   A     FAFF FHFF", "POST /accounts/{account}/test-mail", `{"to":"b@example.com"}`},
	{"sendUserTestMail", "U   AF  FFFF   A     FAFF FFFF", "POST /users/{user}/test-mail", `{"to":"b@example.com"}`},
	{"sendTypedTestMail", "U  AA  AAAA   A     FFFF FFFF", "POST /connect/test-mail", `{"account":{{mailbox}},"to":"b@example.com"}`},
	// Everybody reads the own notices, and reports a problem.
	{"listNotices", "     U   AA  AAAA   A     AFFF AFFF", "GET /notices", ``},
	{"readNotice", "      U   HH  HHHH   H     HFFF HFFF", "POST /notices/99/read", ``},
	{"previewProblemReport", "U AA AAAA  A     AAAA AAAA", "POST /problem-reports/preview", `{"what":"x"}`},
	{"reportProblem", "   U   AA  AAAA   A     AAAA AAAA", "POST /problem-reports", `{"what":"x"}`},

	{"importAccounts", "  U   FF  FFFF   A     FFFF FFFF", "POST /imports", `{"content":"YWRkcmVzcwo=","dry_run":true}`},

	{"getDemo", "         U   FF  FFFF   A     FFFF FFFA", "GET /demo", ``},
	{"addDemo", "         U   FF  FFFF   A     FFFF FFFA", "PUT /demo", ``},
	{"removeDemo", "      U   FF  FFFF   A     FFFF FFFA", "DELETE /demo", ``},

	// Last: who may do this may more afterwards.
	{"createAssignment", "U   FF  FFFF   A     FFFF FFFA", "POST /assignments", `{"account_id":{account},"user_id":{self},"rights":["manage"]}`},
}
