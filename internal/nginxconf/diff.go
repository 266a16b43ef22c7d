package nginxconf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// around is how many unchanged lines a diff shows before and after a change.
const around = 3

// Diff returns what turns the files of before into those of after, as a unified diff; empty
// where nothing differs. A file is compared with the one of the same name. With absolute
// names "patch -p1 -d /" takes it, since patch refuses to leave its folder; with others
// "patch -p0" and "git apply -p0" do.
func Diff(before, after []*File) string {
	var b strings.Builder
	for _, old := range before {
		for _, file := range after {
			if file.Name == old.Name && !bytes.Equal(file.Text, old.Text) {
				diffFile(&b, old, file)
			}
		}
	}
	return b.String()
}

func diffFile(b *strings.Builder, old, file *File) {
	name := file.Name
	if strings.Contains(name, " ") {
		name += "\t" // patch reads a name to the first space, or else to the tab
	}
	fmt.Fprintf(b, "--- %s\n+++ %s\n", name, name)
	changes := compare(lines(old.Text), lines(file.Text))
	for len(changes) > 0 {
		n := 1 // changes that are so near to each other that they share a hunk
		for n < len(changes) && changes[n].from-changes[n-1].to <= 2*around {
			n++
		}
		writeHunk(b, lines(old.Text), changes[:n])
		changes = changes[n:]
	}
}

// change is a run of old lines that others replace.
type change struct {
	from, to int // of the old lines
	at       int // of the new lines, where the others begin
	lines    []string
}

func writeHunk(b *strings.Builder, old []string, changes []change) {
	first, last := changes[0], changes[len(changes)-1]
	from, to := max(first.from-around, 0), min(last.to+around, len(old))
	grown := 0
	for _, c := range changes {
		grown += len(c.lines) - (c.to - c.from)
	}
	newFrom := from + first.at - first.from
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(from, to-from), span(newFrom, to-from+grown))
	for _, c := range changes {
		writeLines(b, ' ', old[from:c.from])
		writeLines(b, '-', old[c.from:c.to])
		writeLines(b, '+', c.lines)
		from = c.to
	}
	writeLines(b, ' ', old[from:to])
}

// span names a run of lines as a hunk's head does: an empty one by the line before it.
func span(from, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, n)
}

func writeLines(b *strings.Builder, sign byte, lines []string) {
	for _, l := range lines {
		b.WriteByte(sign)
		b.WriteString(l)
		if !strings.HasSuffix(l, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// lines cuts a text behind each line feed.
func lines(text []byte) []string {
	all := strings.SplitAfter(string(text), "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// compare returns the changes from old to new lines: few, and where there are very many,
// one from the first to the last.
func compare(old, now []string) (changes []change) {
	start := 0
	for start < len(old) && start < len(now) && old[start] == now[start] {
		start++
	}
	oldEnd, nowEnd := len(old), len(now)
	for oldEnd > start && nowEnd > start && old[oldEnd-1] == now[nowEnd-1] {
		oldEnd, nowEnd = oldEnd-1, nowEnd-1
	}
	i, j := start, start
	add := func(to, nowTo int) {
		if to > i || nowTo > j {
			changes = append(changes, change{i, to, j, now[j:nowTo]})
		}
		i, j = to, nowTo
	}
	for _, same := range common(old[start:oldEnd], now[start:nowEnd]) {
		add(start+same[0], start+same[1])
		i, j = i+1, j+1
	}
	add(oldEnd, nowEnd)
	return changes
}

// common returns the places of a longest common sequence of lines, as Myers finds it ("An
// O(ND) difference algorithm"); none where more than most lines differ.
func common(old, now []string) (pairs [][2]int) {
	const most = 2000
	reach := make([]int32, 2*most+3) // on each diagonal, how far into old
	var trace [][]int32
	for d := 0; d <= most; d++ {
		trace = append(trace, slices.Clone(reach[most-d:most+d+3]))
		for k := -d; k <= d; k += 2 {
			at := reach[most+k:] // the diagonals k-1, k, k+1
			i := at[0] + 1
			if k == -d || k != d && at[0] < at[2] {
				i = at[2]
			}
			for int(i) < len(old) && int(i)-k < len(now) && old[i] == now[int(i)-k] {
				i++
			}
			if at[1] = i; int(i) >= len(old) && int(i)-k >= len(now) {
				return walkBack(trace, len(old), len(now))
			}
		}
	}
	return nil
}

// walkBack follows the way of common from its end to its start.
func walkBack(trace [][]int32, i, j int) (pairs [][2]int) {
	for d := len(trace) - 1; d >= 0; d-- {
		at := trace[d][d+i-j:]
		fromI, fromJ := int(at[0])+1, 0
		if k := i - j; k == -d || k != d && at[0] < at[2] {
			fromI = int(at[2])
		}
		fromJ = fromI - (i - j)
		if d == 0 {
			fromI, fromJ = 0, 0
		}
		for i > fromI && j > fromJ {
			i, j = i-1, j-1
			pairs = append(pairs, [2]int{i, j})
		}
		if k := i - j; k == -d || k != d && at[0] < at[2] {
			j--
		} else {
			i--
		}
	}
	slices.Reverse(pairs)
	return pairs
}
