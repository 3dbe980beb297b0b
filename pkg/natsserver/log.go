package natsserver

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// log hands on what the server warns of, and keeps why it cannot start: the server
// itself says that only to its log.
type log struct {
	logger *slog.Logger

	mu    sync.Mutex
	fatal string
}

func (l *log) cause() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// Fatalf implements [server.Logger]. It does not end the process.
func (l *log) Fatalf(format string, args ...any) {
	l.mu.Lock()
	l.fatal = fmt.Sprintf(format, args...)
	l.mu.Unlock()
	l.say(slog.LevelError, format, args)
}

// Errorf implements [server.Logger].
func (l *log) Errorf(format string, args ...any) { l.say(slog.LevelError, format, args) }

// Warnf implements [server.Logger]. That passwords are not hashed is on purpose:
// they are made at each start and never leave the process.
func (l *log) Warnf(format string, args ...any) {
	if !strings.HasPrefix(format, "Plaintext passwords") {
		l.say(slog.LevelWarn, format, args)
	}
}

// Noticef implements [server.Logger].
func (l *log) Noticef(format string, args ...any) { l.say(slog.LevelDebug, format, args) }

// Debugf implements [server.Logger].
func (*log) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (*log) Tracef(string, ...any) {}

func (l *log) say(level slog.Level, format string, args []any) {
	ctx := context.TODO() //nolint:forbidigo // the server hands over none
	if l.logger != nil && l.logger.Enabled(ctx, level) {
		l.logger.LogAttrs(ctx, level, "nats server", slog.String("what", fmt.Sprintf(format, args...)))
	}
}
