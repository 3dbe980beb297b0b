package cli

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// mistakes are the mistakes of configuration in both languages. The services know
// the English ones, which stand in their logs; people read these. What is %s is kept;
// at the beginning it is a variable's name. Of several that fit the first is taken.
var mistakes = [][2]string{
	{"%s is not set", "%s não está definida"},
	{"%s is not set: `waba keys generate` makes one", "%s não está definida: `waba keys generate` gera o arquivo"},
	{"%s is not set: without it nobody may call, and nothing runs open", "%s não está definida: sem ela ninguém pode chamar, e nada fica aberto"},
	{"%s is not set, nor is %s: no state could be issued, and no code accepted", "%s não está definida, nem %s: nenhum state poderia ser emitido, nem code aceito"},
	{"%s and %s are not set: there is nothing to migrate", "%s e %s não estão definidas: não há o que migrar"},
	{"%s and %s are both set", "%s e %s estão definidas ao mesmo tempo"},

	{"%s is not host:port with a port from 0 to 65535", "%s não é host:porta, com porta de 0 a 65535"},
	{"%s is not a duration such as 250ms, 3s or 5m", "%s não é uma duração como 250ms, 3s ou 5m"},
	{"%s is not debug, info, warn or error", "%s não é debug, info, warn nem error"},
	{"%s is not json or text", "%s não é json nem text"},
	{"%s is not issued or caller", "%s não é issued nem caller"},
	{"%s is not pt-BR or en", "%s não é pt-BR nem en"},
	{"%s is not true or false", "%s não é true nem false"},
	{"%s is not a whole number", "%s não é um número inteiro"},
	{"%s is not 1, 3 or 5", "%s não é 1, 3 nem 5"},
	{"%s is not six digits", "%s não tem seis dígitos"},
	{"%s is not like %s", "%s não é como %s"},
	{"%s is not from %s to %s", "%s não está entre %s e %s"},
	{"%s is %s, not from %s to %s", "%s é %s, e não de %s a %s"},
	{"%s is %s, not more than 0", "%s é %s, e não maior que 0"},
	{"%s is not more than 0s", "%s não é maior que 0s"},
	{"%s is not more than 0s and at most %s", "%s não é maior que 0s e no máximo %s"},

	{"%s is not nats://host:port, tls://host:port or a list of these", "%s não é nats://host:porta, tls://host:porta nem uma lista deles"},
	{"%s is neither nats://user:password@host:port nor a file that can be read", "%s não é nats://usuário:senha@host:porta nem um arquivo que se possa ler"},
	{"%s is not postgres://… or sqlite://path", "%s não é postgres://… nem sqlite://caminho"},
	{"%s is not an absolute http or https URL without user or fragment", "%s não é uma URL http ou https absoluta, sem usuário nem fragmento"},
	{"%s has an entry that is not an origin such as %s, with or without a path", "%s tem uma entrada que não é uma origem como %s, com ou sem caminho"},
	{"%s is no plain URL", "%s não é uma URL simples"},
	{"%s is not https", "%s não é https"},
	{"%s is not https, and not on loopback; a test network sets %s", "%s não é https nem está no loopback; uma rede de testes define %s"},

	{"%s has an unknown strategy; known are %s, or 'none' alone", "%s tem uma estratégia desconhecida; as conhecidas são %s, ou só 'none'"},
	{"%s has %s twice", "%s tem %s duas vezes"},
	{"%s cannot be used in this version: set %s", "%s não pode ser usada nesta versão: defina %s"},
	{"%s: cannot be used here: this gateway cannot open tokens", "%s não pode ser usada aqui: este gateway não abre tokens"},
	{"%s does not belong to %s: bring back the pair from a backup, or take the public key of this keyring", "%s não é do mesmo par que %s: traga o par de volta de uma cópia, ou use a chave pública deste"},

	{"%s: the file is empty", "%s: o arquivo está vazio"},
	{"%s: the file is larger than %s bytes", "%s: o arquivo tem mais de %s bytes"},
	{"%s: no such file or directory", "%s: o arquivo não existe"},
	{"%s: permission denied", "%s: sem permissão para ler o arquivo"},
	{"%s: is a directory", "%s: é uma pasta, e não um arquivo"},
	{"%s: %s", "%s: o arquivo não serve (detalhe técnico: %s)"},
}

var mistakePatterns = sync.OnceValue(func() []*regexp.Regexp {
	patterns := make([]*regexp.Regexp, len(mistakes))
	for i, m := range mistakes {
		text := strings.ReplaceAll(regexp.QuoteMeta(m[0]), "%s", "(.+)")
		patterns[i] = regexp.MustCompile("^" + strings.Replace(text, "(.+)", "([A-Z][A-Z0-9_]+)", 1) + "$")
	}
	return patterns
})

// mistake says a mistake of configuration in the person's language. One that is not
// known is said as it is.
func (t *terminal) mistake(text string) string {
	if t.english {
		return text
	}
	for i, pattern := range mistakePatterns() {
		if found := pattern.FindStringSubmatch(text); found != nil {
			values := make([]any, len(found)-1)
			for n, value := range found[1:] {
				values[n] = value
			}
			return fmt.Sprintf(mistakes[i][1], values...)
		}
	}
	return text
}
