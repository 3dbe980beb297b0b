package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/config"
	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
)

func newAudit(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: t.say("Refaz o log de auditoria a partir dos eventos", "Rebuilds the audit log from the events"),
		Args:  t.noArgs,
		RunE:  t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(newAuditRebuild(t))
	return cmd
}

func newAuditRebuild(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: t.say("Lê os streams desde o início e escreve as linhas que faltam", "Reads the streams from their start and writes the rows that are missing"),
		Long: t.say(`Faz o auditlog ler os streams desde o início: cada evento que eles guardam volta a ser uma linha, igual à que era; as que existem ficam como estão. Serve depois de perder o banco ou de restaurá-lo de uma cópia antiga.
O auditlog pode estar rodando ou não: se não estiver, escreve ao iniciar. Pode ser executado de novo a qualquer momento. Usa as mesmas variáveis que waba migrate, com o mesmo usuário do barramento (migrate).
Não voltam: entradas com mais de 90 dias e ticks com mais de 40, que os streams já não guardam, e os tokens, que não estão em evento nenhum.`,
			`Makes the audit log read the streams from their start: each event that they hold becomes a row again, the same as it was; those that are there stay as they are. For a database that was lost, or restored from an old backup.
The audit log may run or not: if it does not, it writes when it starts. May be run again at any time. Takes the variables of waba migrate, and its user of the bus (migrate).
What does not come back: inputs older than 90 days and ticks older than 40, which the streams hold no longer, and tokens, which stand in no event.`),
		Example: "  NATS_URL=nats://migrate:$PASSWORD@127.0.0.1:4222 DATABASE_URL=postgres://waba@127.0.0.1/waba waba audit rebuild",
		Args:    t.noArgs,
		RunE: t.run(func(cmd *cobra.Command, _ []string) error {
			return t.withTargets(cmd.Context(), t.rebuild)
		}),
	}
}

// How often the command looks how far the audit log has come, how often it says so,
// and how long nobody may read before it stops waiting.
const (
	lookEvery  = 250 * time.Millisecond
	sayEvery   = time.Second
	readWithin = 5 * time.Second
)

func (t *terminal) rebuild(ctx context.Context, at targets) error {
	var mistakes []string
	if at.js == nil {
		mistakes = append(mistakes, "NATS_URL is not set")
	}
	if at.db == nil {
		mistakes = append(mistakes, "DATABASE_URL is not set")
	}
	if mistakes != nil {
		return &config.Error{Mistakes: mistakes}
	}
	if err := migrations.Check(ctx, at.db); err != nil {
		return err
	}
	if err := auditlog.Rewind(ctx, at.js); err != nil {
		if errors.Is(at.js.Conn().LastError(), nats.ErrPermissionViolation) {
			return &failure{
				exit: exitFailed, cause: err,
				what: t.say("o barramento não deixa este usuário refazer o log", "the bus does not let this user rebuild the log"),
				next: t.say("use o usuário migrate em NATS_URL; waba dev refaz sozinho quando é iniciado", "use the user migrate in NATS_URL; waba dev rebuilds by itself when it is started"),
			}
		}
		return err
	}
	read, err := t.followRebuild(ctx, at)
	if err != nil || !read {
		return err
	}
	missing, err := auditlog.Missing(ctx, at.js, at.db)
	if err != nil {
		return err
	}
	if missing > 0 {
		return &failure{
			exit: exitFailed,
			what: fmt.Sprintf(t.say("tudo foi lido e ainda faltam %d linhas", "everything was read and %d rows are still missing"), missing),
			next: t.say("o auditlog escreve em outro banco? compare o DATABASE_URL dele com este", "does the audit log write into another database? compare its DATABASE_URL with this one"),
		}
	}
	_, err = fmt.Fprintln(t.out, t.paint(green, "✔"), t.say("todas as linhas estão no banco", "all rows are in the database"))
	return err
}

// followRebuild says how far the audit log has come, until it has read everything;
// false: it does not run, or the person has seen enough, which ends nothing.
func (t *terminal) followRebuild(ctx context.Context, at targets) (read bool, err error) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var said string
	lastRead, lastSaid := time.Now(), time.Time{}
	for {
		positions, err := auditlog.Positions(ctx, at.js)
		if ctx.Err() != nil {
			_, err := fmt.Fprintln(t.out, t.say("o auditlog continua sem este comando", "the audit log goes on without this command"))
			return false, err
		}
		if err != nil {
			return false, err
		}
		line, left, watched := progress(positions)
		if line != said && (left == 0 || time.Since(lastSaid) >= sayEvery) {
			said, lastSaid = line, time.Now()
			if _, err := fmt.Fprintln(t.out, line); err != nil {
				return false, err
			}
		}
		switch {
		case left == 0:
			return true, nil
		case watched:
			lastRead = time.Now()
		case time.Since(lastRead) >= readWithin:
			_, err := fmt.Fprintln(t.out, t.say("o auditlog não está rodando: ele escreve as linhas quando for iniciado", "the audit log does not run: it writes the rows when it is started"))
			return false, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// progress says how far all streams are read: in a line, what is left, and whether
// somebody reads.
func progress(positions []auditlog.Position) (line string, left uint64, watched bool) {
	parts := make([]string, len(positions))
	for i, p := range positions {
		parts[i] = fmt.Sprintf("%s %d/%d", p.Stream, p.Stored, p.Stored+p.Left)
		left, watched = left+p.Left, watched || p.Watched
	}
	return strings.Join(parts, "  "), left, watched
}
