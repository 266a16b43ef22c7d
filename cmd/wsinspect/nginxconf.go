package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"wsinspect/internal/lint"
	"wsinspect/internal/nginxconf"
)

// readNginxConf reads the configuration in a file with all that it includes, or the output
// of nginx -T: from in, if there is one, where name is "-".
func readNginxConf(name string, in io.Reader, version string) (*lint.Conf, error) {
	var config *nginxconf.Config
	var v nginxconf.Version
	var err error
	if version != "" {
		if v, err = nginxconf.ParseVersion(version); err != nil {
			return nil, wrongFlag("nginx-version", fmt.Sprintf("%q", version), "write it as nginx -v does, such as 1.22.1")
		}
	}
	if name == "-" && in != nil {
		config, err = nginxconf.Read("standard input", in)
	} else if name, err = filepath.Abs(name); err == nil {
		config, err = nginxconf.Load(os.DirFS("/"), name)
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration of nginx: %w", err)
	}
	return lint.New(config, v), nil
}
