package metasim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// record is one line of the journal: a request and what it changed, or a change
// that came from the script.
type record struct {
	Entry   *Entry   `json:"entry,omitempty"`
	Changes []change `json:"changes,omitempty"`
}

// journal appends records to a file. A line that was cut by a crash is dropped
// when the file is opened again: its request was never answered.
type journal struct {
	file *os.File
	line bytes.Buffer
	err  error // the first write that went wrong; nothing is written after it
}

const journalName = "metasim.jsonl"

// openJournal reads the journal in dir, hands every record to apply, and leaves
// the file ready for more.
func openJournal(dir string, apply func(record) error) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("metasim: journal folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("metasim: open journal: %w", err)
	}
	end, err := replay(file, apply)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("metasim: read journal: %w", err), file.Close())
	}
	return &journal{file: file}, nil
}

// replay returns where the last whole line ends.
func replay(file io.Reader, apply func(record) error) (end int64, err error) {
	lines := bufio.NewReaderSize(file, 1<<16)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		if err := apply(r); err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		end += int64(len(line))
	}
}

// write appends a record with a single system call. It survives the death of
// this process, not that of the machine.
func (j *journal) write(r record) error {
	if j == nil || j.err != nil {
		return j.failed()
	}
	j.line.Reset()
	if err := json.NewEncoder(&j.line).Encode(r); err != nil {
		j.err = fmt.Errorf("metasim: encode journal: %w", err)
		return j.err
	}
	if _, err := j.file.Write(j.line.Bytes()); err != nil {
		j.err = fmt.Errorf("metasim: write journal: %w", err)
	}
	return j.err
}

func (j *journal) failed() error {
	if j == nil {
		return nil
	}
	return j.err
}

// clear forgets everything.
func (j *journal) clear() error {
	if j == nil {
		return nil
	}
	if err := j.file.Truncate(0); err != nil {
		return fmt.Errorf("metasim: clear journal: %w", err)
	}
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("metasim: clear journal: %w", err)
	}
	j.err = nil
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}
