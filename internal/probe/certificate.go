package probe

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"wsinspect/internal/handshake"
)

// verify looks at a chain as browsers do.
func (p *probe) verify(chain []*x509.Certificate, t *Target) error {
	if len(chain) == 0 {
		return errors.New("no certificate came")
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: p.Roots, Intermediates: between, DNSName: t.ServerName()})
	return err
}

// expiresSoon reports whether the end of a certificate is near: whoever renews on time has
// renewed by then. Some certificates live for days only.
func expiresSoon(c *x509.Certificate, left time.Duration) bool {
	return left < min(14*24*time.Hour, c.NotAfter.Sub(c.NotBefore)/3)
}

// certificateWords says for whom a certificate is, by whom and until when.
func certificateWords(c *x509.Certificate, left time.Duration) string {
	const most = 3
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = []string{"nobody by name"}
	}
	for i, name := range names[:min(most, len(names))] {
		names[i] = quoted(name)
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	issuer := c.Issuer.CommonName
	if issuer == "" {
		issuer = c.Issuer.String()
	}
	until := "ends on " + c.NotAfter.Format("2 January 2006")
	switch days := int(left / (24 * time.Hour)); {
	case left < 0:
		until = "ended on " + c.NotAfter.Format("2 January 2006")
	case days == 0:
		until += ", in less than a day"
	case days == 1:
		until += ", in 1 day"
	default:
		until += fmt.Sprintf(", in %d days", days)
	}
	return fmt.Sprintf("The certificate is for %s, is issued by %s and %s.", handshake.Join(names), handshake.Quote(issuer), until)
}

// distrust says why a certificate is not trusted and what to do.
func distrust(err error, t *Target) string {
	return "A browser gives up here: " + faultOf(err) + ". " + cureOfDistrust(err, t)
}

// faultOf says what is wrong with a certificate.
func faultOf(err error) string {
	name, misnamed := errors.AsType[x509.HostnameError](err)
	invalid, broken := errors.AsType[x509.CertificateInvalidError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	expired := broken && invalid.Reason == x509.Expired
	switch {
	case misnamed:
		return "the certificate is not for " + quoted(name.Host)
	case expired && time.Now().Before(invalid.Cert.NotBefore):
		return "the certificate begins only on " + invalid.Cert.NotBefore.Format("2 January 2006") + ", or the clock of this machine is wrong"
	case expired:
		return "the certificate ended on " + invalid.Cert.NotAfter.Format("2 January 2006")
	case unknown:
		return "the certificate comes from nobody who is trusted here"
	}
	return "the certificate is not trusted: " + err.Error()
}

// cureOfDistrust says what to do about it.
func cureOfDistrust(err error, t *Target) string {
	name, misnamed := errors.AsType[x509.HostnameError](err)
	authority, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case misnamed:
		return certificateWords(name.Certificate, time.Until(name.Certificate.NotAfter)) + " Open a name that it is for, or let the server of " + t.ServerName() + " send its own."
	case unknown && authority.Cert != nil && authority.Cert.CheckSignatureFrom(authority.Cert) == nil:
		return "It is signed by itself: name its authority with --ca, or use one that browsers know."
	case unknown:
		return "Mostly the server sends its own certificate without those between it and the root: ssl_certificate of nginx wants the full chain. An authority of your own is named with --ca."
	}
	return "Renew it and load it: nginx reads a certificate only when it is reloaded."
}
