package nginxconf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Version is a version of nginx: major, minor, patch.
type Version [3]int

// ParseVersion reads a version as "nginx -v" prints it: 1.22.1, nginx/1.22.1, or a whole
// line around it.
func ParseVersion(text string) (Version, error) {
	number := text
	if _, after, ok := strings.Cut(text, "nginx/"); ok {
		number = after
	}
	number, _, _ = strings.Cut(strings.TrimSpace(number), " ")
	parts := strings.Split(number, ".")
	if len(parts) != 3 {
		return Version{}, fmt.Errorf("%q is no version of nginx: write 1.22.1", text)
	}
	var v Version
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("%q is no version of nginx: write 1.22.1", text)
		}
		v[i] = int(n)
	}
	return v, nil
}

// Before reports whether v is older than another.
func (v Version) Before(other Version) bool { return slices.Compare(v[:], other[:]) < 0 }

// String returns v as nginx writes it: 1.22.1.
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// Versions in which nginx changed what it makes of the same configuration. The last was
// measured and no earlier 1.31, so it may be a little older.
var (
	http2BesideHTTP1 = Version{1, 25, 1} // "listen … http2" without ssl speaks HTTP/1.1, too
	linesJoined      = Version{1, 23, 0} // $http_name joins all lines of that name
	keepaliveDefault = Version{1, 29, 7} // proxy_http_version is 1.1, and no Connection line is written
	hostAlwaysFirst  = Version{1, 31, 4} // exactly one Host line, before all others
)
