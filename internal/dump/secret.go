package dump

import (
	"bytes"
	"net/url"
	"strings"
)

// rule says what a Masker does with the value of a header.
type rule uint8

const (
	plain        rule = iota // blanks secrets that ride in it
	untouched                // blanks nothing: a check reads it
	subprotocols             // blanks tokens in a list of names
	cookie                   // leaves the names
	setCookie                // leaves the name and the attributes
	credentials              // leaves the scheme
	secret                   // leaves nothing
)

// secret reports whether all that goes on behind the value is a secret too.
func (r rule) secret() bool { return r >= cookie }

// ruleOf returns the rule for a header's name. It is known where the name is one of those
// listed here, so that it can be recognised in a malformed line as well.
func ruleOf(name []byte) (r rule, known bool) {
	var buf [32]byte
	if len(name) <= len(buf) {
		for i, c := range name {
			buf[i] = lower(c)
		}
		switch string(buf[:len(name)]) {
		case "host", "origin", "connection", "upgrade",
			"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-accept":
			return untouched, true
		case "sec-websocket-protocol":
			return subprotocols, true
		case "cookie", "cookie2":
			return cookie, true
		case "set-cookie", "set-cookie2":
			return setCookie, true
		case "authorization", "proxy-authorization":
			return credentials, true
		case "accept", "accept-encoding", "accept-language", "cache-control", "content-length", "content-type",
			"date", "dnt", "expect", "forwarded", "keep-alive", "location", "pragma", "priority",
			"proxy-connection", "referer", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "server", "te",
			"trailer", "transfer-encoding", "user-agent", "vary", "via", "x-forwarded-for",
			"x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "x-request-id",
			"access-control-allow-credentials", "proxy-authenticate", "www-authenticate":
			return plain, true
		}
	}
	if namesSecret(name) {
		return secret, false
	}
	return plain, false
}

// readable returns name without the bytes that may not stand in it.
func readable(name []byte) []byte {
	if IsToken(name) {
		return name
	}
	kept := make([]byte, 0, len(name))
	for _, c := range name {
		if IsTokenByte(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// namesSecret reports whether a header, a parameter or a subprotocol of that name carries
// a secret: because of a word in it, or of a longer part that appears in no harmless name.
func namesSecret(name []byte) bool {
	var buf [64]byte
	flat, word, last := buf[:0], 0, byte(0)
	for _, c := range name {
		if l := lower(c); 'a' <= l && l <= 'z' || '0' <= c && c <= '9' {
			if l != c && last == lower(last) { // apiKey
				if isSecretWord(flat[word:]) {
					return true
				}
				word = len(flat)
			}
			flat = append(flat, l)
		} else if c == '-' || c == '_' || c == '.' || c == '[' || c == ' ' {
			if isSecretWord(flat[word:]) {
				return true
			}
			word = len(flat)
		}
		last = c
	}
	return isSecretWord(flat[word:]) || hasSecretPart(flat)
}

func isSecretWord(word []byte) bool {
	switch string(word) {
	case "auth", "cred", "creds", "hmac", "key", "otp", "pass", "pwd", "sess", "sid", "sig", "ticket":
		return true
	}
	return false
}

func hasSecretPart(flat []byte) bool {
	for _, part := range [...]string{
		"token", "secret", "passw", "passphrase", "apikey", "accesskey", "authkey", "privatekey", "credential",
		"jwt", "cookie", "session", "sessid", "signature", "bearer", "csrf", "xsrf", "oauth", "authoriz", "authentic", "assertion",
	} {
		if bytes.Contains(flat, []byte(part)) {
			return true
		}
	}
	return false
}

// isSecretParam reports whether the query parameter of that name carries a secret. A name
// that cannot be decoded might.
func isSecretParam(name []byte) bool {
	if bytes.IndexByte(name, '%') >= 0 {
		decoded, err := url.QueryUnescape(string(name))
		if err != nil {
			return true
		}
		name = []byte(decoded)
	}
	return equalFold(name, "code") || namesSecret(name)
}

// carriesSecret reports whether the value of a harmless parameter is a secret by its shape,
// or is itself an address that carries one.
func carriesSecret(value []byte) bool {
	const long = 32 // shorter ones, and UUIDs, are rather the numbers of things
	if isJWT(value) || isRandom(value, long) && len(value) != len("123e4567-e89b-12d3-a456-426614174000") {
		return true
	}
	if bytes.IndexByte(value, '%') < 0 {
		return false
	}
	decoded, err := url.QueryUnescape(string(value))
	if err != nil {
		return false
	}
	if _, rest, ok := strings.Cut(decoded, "://"); ok {
		if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, "@") {
			return true
		}
	}
	for param := range bytes.FieldsFuncSeq([]byte(decoded), func(c rune) bool { return c == '?' || c == '&' || c == ';' || c == '#' }) {
		name, inner, ok := bytes.Cut(param, []byte("="))
		if ok && (isSecretParam(name) || carriesSecret(inner)) {
			return true
		}
	}
	return false
}

// announcesToken reports whether the subprotocol of that name says that the next one in
// the list is its token.
func announcesToken(name []byte) bool {
	for _, s := range [...]string{
		"access_token", "access-token", "accesstoken", "api_key", "api-key", "apikey", "auth", "auth_token", "auth-token",
		"authorization", "authtoken", "basic", "bearer", "id_token", "jwt", "key", "password", "secret", "session",
		"sessionid", "session_id", "ticket", "token", "x-api-key", "x-auth-token",
	} {
		if equalFold(name, s) {
			return true
		}
	}
	return false
}

// tokenStart returns where the token begins that rides in the name of a subprotocol, or the
// length of the name where there is none.
func tokenStart(name []byte) int {
	const kubernetes = "base64url.bearer.authorization.k8s.io."
	if len(name) > len(kubernetes) && equalFold(name[:len(kubernetes)], kubernetes) {
		return len(kubernetes)
	}
	if i := bytes.IndexAny(name, ".:= "); i > 0 && (namesSecret(name[:i]) || announcesToken(name[:i])) && !isRevision(name[i+1:]) {
		return i + 1
	}
	from := len(name)
	if i := bytes.IndexAny(name, "-_"); i > 0 && namesSecret(name[:i]) && isRandom(name[i+1:], 8) {
		from = i + 1 // and perhaps from an earlier place
	} else if i := bytes.Index(name, []byte(jsonStart)); i >= 0 && len(name)-i >= shortestToken {
		from = i
	} else if isJWT(name) {
		return 0
	}
	start := 0
	for segment := range bytes.SplitSeq(name[:from], []byte(".")) {
		if isRandom(segment, shortestToken) {
			return start
		}
		start += len(segment) + 1
	}
	if isRandom(name[:from], shortestToken) {
		return 0
	}
	return from
}

// isRevision reports whether text is the revision of a protocol, as in "auth.v2".
func isRevision(text []byte) bool {
	if len(text) > 0 && lower(text[0]) == 'v' {
		text = text[1:]
	}
	for _, c := range text {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return len(text) <= len("1.2.3")
}
