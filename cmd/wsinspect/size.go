package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"
)

// size is a number of bytes as a person writes it: 4096, 64KiB, 16MiB, 1GiB.
type size int64

var errSize = errors.New("write a number of bytes, or one with KiB, MiB or GiB, such as 64MiB")

func (s *size) Set(text string) error {
	number, unit := text, int64(1)
	for i, suffix := range []string{"KiB", "MiB", "GiB"} {
		if digits, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = digits, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return errSize
	}
	*s = size(n * unit)
	return nil
}

func (s *size) String() string {
	switch n := int64(*s); {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%dGiB", n>>30)
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", n>>10)
	default:
		return strconv.FormatInt(n, 10)
	}
}

// Get returns the number of bytes, for cli.Command.Value.
func (s *size) Get() any { return int64(*s) }

func sizeFlag(env environment, name, variable string, otherwise size, usage string) cli.Flag {
	return &cli.GenericFlag{Name: name, Sources: env.source(variable), Value: &otherwise, DefaultText: otherwise.String(), Usage: usage}
}

func sizeOf(c *cli.Command, name string) int64 {
	n, _ := c.Value(name).(int64)
	return n
}
