package portal

import "strings"

// step is one thing to try, with a command that is ready to copy.
type step struct {
	ID, Title, About, Command string
}

// commands lead from nothing to a reading of accounts. Run one after the other in
// one shell they are a whole TPP; a test does so.
func (p *Portal) commands() []step {
	fill := strings.NewReplacer("{BANK}", p.Developers.Issuer, "{ROOT}", p.Developers.Root)
	steps := []step{
		{"prepare", "Prepare the shell", "Put your test certificate and its key into one folder, as qwac.pem and qwac.key, with the bank's " + p.Developers.Root +
			". A signing key is made here; its public half goes to the directory.", prepareCommand},
		{"discover", "Discover", "Everything the bank offers, in one document.", discoverCommand},
		{"statement", "Get a software statement", "The local directory makes an organisation of whoever has a test certificate.", statementCommand},
		{"register", "Register", "Dynamic client registration: a request signed with your key, with the software statement inside.", registerCommand},
		{"token", "Get a token of your own", "Client credentials with private_key_jwt. It opens consents, and no account.", tokenCommand},
		{"consent", "Lodge a consent", "What you want to read, until when.", consentCommand},
		{"authorise", "Send the customer", "Push the signed request, then open the address that is printed. Log in as a test user and allow.", authoriseCommand},
		{"exchange", "Exchange the code", "After you allow, the browser goes to an address that nothing answers. Copy code from its address line.", exchangeCommand},
		{"read", "Read", "The token works with your certificate only. End the consent on this portal, and the next call is refused.", readCommand},
	}
	for i := range steps {
		steps[i].Command, steps[i].About = fill.Replace(steps[i].Command), fill.Replace(steps[i].About)
	}
	return steps
}

const prepareCommand = `BANK={BANK}
TLS="--silent --show-error --cacert {ROOT} --cert qwac.pem --key qwac.key"
REDIRECT=https://127.0.0.1:9443/callback

openssl genrsa -out signing.key 2048 2>/dev/null
b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }
id() { openssl rand -hex 16; }
jwt() {
  unsigned=$(printf '{"alg":"PS256","kid":"dev-1","typ":"JWT"}' | b64).$(printf '%s' "$1" | b64)
  printf '%s.%s' "$unsigned" "$(printf '%s' "$unsigned" | openssl dgst -sha256 -sign signing.key \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest | b64)"
}
N=$(openssl rsa -in signing.key -noout -modulus | cut -d= -f2 | xxd -r -p | b64)`

const discoverCommand = `curl $TLS $BANK/.well-known/openid-configuration`

const statementCommand = `ANSWER=$(curl $TLS $BANK/directory/software-statements --json '{
  "software_name": "My First App",
  "redirect_uris": ["'$REDIRECT'"],
  "roles": ["AISP"],
  "jwks": {"keys": [{"kty":"RSA","use":"sig","alg":"PS256","kid":"dev-1","e":"AQAB","n":"'$N'"}]}
}')
SOFTWARE=$(echo "$ANSWER" | field software_id)
STATEMENT=$(echo "$ANSWER" | field software_statement)
echo "software $SOFTWARE"`

const registerCommand = `NOW=$(date +%s)
REQUEST=$(jwt '{"iss":"'$SOFTWARE'","aud":"'$BANK'","iat":'$NOW',"exp":'$((NOW+300))',"jti":"'$(id)'",
  "redirect_uris":["'$REDIRECT'"],"token_endpoint_auth_method":"private_key_jwt",
  "token_endpoint_auth_signing_alg":"PS256","grant_types":["authorization_code","refresh_token","client_credentials"],
  "response_types":["code"],"scope":"openid accounts","application_type":"web","software_id":"'$SOFTWARE'",
  "software_statement":"'$STATEMENT'","id_token_signed_response_alg":"PS256","request_object_signing_alg":"PS256"}')
CLIENT=$(curl $TLS $BANK/as/register -H 'Content-Type: application/jose' --data-binary "$REQUEST" | field client_id)
echo "client $CLIENT"`

const tokenCommand = `assertion() {
  NOW=$(date +%s)
  jwt '{"iss":"'$CLIENT'","sub":"'$CLIENT'","aud":"'$BANK'/as/token","iat":'$NOW',"exp":'$((NOW+60))',"jti":"'$(id)'"}'
}
TYPE=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
OWN=$(curl $TLS $BANK/as/token -d grant_type=client_credentials -d scope=accounts \
  -d client_assertion_type=$TYPE -d client_assertion=$(assertion) | field access_token)`

const consentCommand = `CONSENT=$(curl $TLS $BANK/open-banking/v4.0/aisp/account-access-consents -H "Authorization: Bearer $OWN" --json '{
  "Data": {"Permissions": ["ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail",
    "ReadTransactionsCredits", "ReadTransactionsDebits"]}, "Risk": {}}' | field ConsentId)
echo "consent $CONSENT"`

const authoriseCommand = `VERIFIER=$(openssl rand -hex 32)
CHALLENGE=$(printf '%s' $VERIFIER | openssl dgst -sha256 -binary | b64)
NOW=$(date +%s)
REQUEST=$(jwt '{"iss":"'$CLIENT'","aud":"'$BANK'","iat":'$NOW',"nbf":'$NOW',"exp":'$((NOW+300))',"jti":"'$(id)'",
  "client_id":"'$CLIENT'","response_type":"code","redirect_uri":"'$REDIRECT'","scope":"openid accounts",
  "state":"'$(id)'","nonce":"'$(id)'","code_challenge":"'$CHALLENGE'","code_challenge_method":"S256",
  "claims":{"id_token":{"openbanking_intent_id":{"value":"'$CONSENT'","essential":true}}}}')
URI=$(curl $TLS $BANK/as/par -d client_assertion_type=$TYPE -d client_assertion=$(assertion) -d request=$REQUEST | field request_uri)
echo "$BANK/as/authorize?client_id=$CLIENT&request_uri=$URI"`

const exchangeCommand = `CODE=the-code-from-the-address-line
TOKEN=$(curl $TLS $BANK/as/token -d grant_type=authorization_code -d code=$CODE -d redirect_uri=$REDIRECT \
  -d code_verifier=$VERIFIER -d client_assertion_type=$TYPE -d client_assertion=$(assertion) | field access_token)`

const readCommand = `curl $TLS $BANK/open-banking/v4.0/aisp/accounts -H "Authorization: Bearer $TOKEN"
curl $TLS $BANK/open-banking/v4.0/aisp/balances -H "Authorization: Bearer $TOKEN"
curl $TLS $BANK/open-banking/v4.0/aisp/transactions -H "Authorization: Bearer $TOKEN"`
