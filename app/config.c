/* app/config.c - from flags, variables, file and defaults to one checked value per setting.
 *
 *   config_load       flags first, because --config names the file
 *     value_offer     the one door: a value is checked where it comes from; a weaker origin never replaces a stronger
 *     defaults_fill   what nobody gave */
#include "app/config.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/must.h"

extern char **environ;

#define VARIABLE_PREFIX "LIVESHELF_"
#define FILE_LINE_MAX 190 /* inih cuts longer lines without a word */
#define TEXT_SHOWN_MAX 1100

struct load {
    struct config *config;
    struct fault *fault;
    const char *path;    /* of the config file */
    bool seen[SETTINGS]; /* in the file */
    bool failed;         /* an entry of the file */
};

/* ---- names ---- */

static bool name_equal(const char *a, const char *b) /* '-' and '_' are the same, and so are capitals */
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a == '_' ? '-' : *a, y = *b == '_' ? '-' : *b;
        if (strncasecmp(&x, &y, 1) != 0)
            return false;
    }
    return *a == *b;
}

static int setting_find(const char *name)
{
    for (int i = 0; i < SETTINGS; i++)
        if (name_equal(config_table[i].name, name))
            return i;
    return -1;
}

static void variable_name(const struct setting *s, char *ret, size_t size)
{
    snprintf(ret, size, VARIABLE_PREFIX "%s", s->name);
    for (char *c = ret; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

static size_t distance(const char *a, const char *b) /* of Levenshtein, on short words */
{
    size_t row[65], len = strlen(b);
    if (len > 64 || strlen(a) > 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[len];
}

const char *config_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t least = strlen(word) / 3 + 2; /* further away is a guess, not help */
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

/* ---- values ---- */

static int64_t unit_factor(const char *unit, const char *suffix) /* -1: no such suffix */
{
    static const struct {
        const char *unit, *suffix;
        int64_t factor;
    } known[] = {
        {"ms", "ms", 1},      {"ms", "s", 1000},    {"ms", "m", 60000},      {"ms", "h", 3600000},
        {"bytes", "k", 1024}, {"bytes", "K", 1024}, {"bytes", "M", 1 << 20}, {"bytes", "G", 1 << 30},
    };
    if (*suffix == '\0')
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i].unit, unit) == 0 && strcmp(known[i].suffix, suffix) == 0)
            return known[i].factor;
    return -1;
}

static int number_parse(const struct setting *s, const char *text, int64_t *ret)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    int64_t factor = unit_factor(s->unit, end);
    if (errno != 0 || factor < 0 || number > INT64_MAX / factor)
        return -1;
    *ret = number * factor;
    return *ret < s->min || *ret > s->max ? -1 : 0;
}

static int choice_parse(const struct setting *s, const char *text, int64_t *ret)
{
    for (int64_t i = 0; s->choices[i] != NULL; i++)
        if (strcmp(s->choices[i], text) == 0) {
            *ret = i;
            return 0;
        }
    return -1;
}

/* Whether `text` is a value of the setting; *ret_number is set for numbers and choices. */
static int value_parse(const struct setting *s, const char *text, int64_t *ret_number)
{
    *ret_number = 0;
    if (s->type == SETTING_NUMBER)
        return number_parse(s, text, ret_number);
    if (s->type == SETTING_CHOICE)
        return choice_parse(s, text, ret_number);
    int64_t len = (int64_t)strlen(text);
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            return -1;
    return len < s->min || len > s->max ? -1 : 0;
}

static void bounds_describe(const struct setting *s, char *ret, size_t size)
{
    if (s->type == SETTING_NUMBER) {
        snprintf(ret, size, "a whole number from %lld to %lld%s%s", (long long)s->min, (long long)s->max,
                 *s->unit == '\0' ? "" : " ", s->unit);
    } else if (s->type == SETTING_CHOICE) {
        size_t len = (size_t)snprintf(ret, size, "one of");
        for (size_t i = 0; s->choices[i] != NULL && len < size; i++)
            len += (size_t)snprintf(ret + len, size - len, "%s %s", i == 0 ? "" : ",", s->choices[i]);
    } else {
        snprintf(ret, size, "%lld to %lld bytes without control characters", (long long)s->min, (long long)s->max);
    }
}

static const char *shown(const struct setting *s, const char *text, char *buffer, size_t size)
{
    const char *at = strchr(text, '@'); /* redis://user:secret@host */
    const char *colon = strstr(text, "://");
    if (strcmp(s->name, "redis-url") != 0 || at == NULL || colon == NULL)
        return text;
    snprintf(buffer, size, "%.*s***%s", (int)(colon + 3 - text), text, at);
    return buffer;
}

static char *value_join(const char *old, const char *text)
{
    char *joined = NULL;
    if (asprintf(&joined, "%s,%s", old, text) < 0)
        return NULL;
    return joined;
}

static char *value_copy(const struct setting *s, const char *text, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    return strdup(s->type == SETTING_NUMBER ? digits : text);
}

/* Takes the value unless a stronger origin gave one already; checks it either way. */
static enum result value_offer(struct load *l, int id, const char *text, enum config_origin origin, const char *where)
{
    const struct setting *s = &config_table[id];
    struct config_value *v = &l->config->values[id];
    int64_t number;
    if (value_parse(s, text, &number) != 0) {
        char bounds[256], hidden[256];
        bounds_describe(s, bounds, sizeof bounds);
        return fault_set(l->fault, RESULT_MALFORMED, "%s: \"%.200s\" is not allowed for %s: it takes %s", where,
                         shown(s, text, hidden, sizeof hidden), s->name, bounds);
    }
    if (v->text != NULL && v->origin > origin)
        return RESULT_OK;
    char *copy = s->type == SETTING_LIST && v->text != NULL && v->origin == ORIGIN_FILE ? value_join(v->text, text)
                                                                                        : value_copy(s, text, number);
    if (copy == NULL)
        return fault_set(l->fault, RESULT_NO_MEMORY, "no memory");
    free(v->text);
    *v = (struct config_value){.text = copy, .number = number, .origin = origin};
    return RESULT_OK;
}

/* ---- flags ---- */

static struct own_flag *own_find(struct own_flag *own, const char *name, size_t len)
{
    for (; own != NULL && own->name != NULL; own++)
        if (strlen(own->name) == len && strncmp(own->name, name, len) == 0)
            return own;
    return NULL;
}

static enum result flag_unknown(struct load *l, const struct own_flag *own, const char *word)
{
    const char *names[SETTINGS + 32];
    size_t count = 0;
    for (; own != NULL && own->name != NULL && count < 32; own++)
        names[count++] = own->name;
    for (size_t i = 0; i < SETTINGS; i++)
        names[count++] = config_table[i].name;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    const char *near = config_nearest(name, names, count);
    if (near != NULL)
        return fault_set(l->fault, RESULT_MALFORMED, "unknown flag %.80s; did you mean --%s?", word, near);
    return fault_set(l->fault, RESULT_MALFORMED, "unknown flag %.80s; `liveshelf config --help` lists all settings",
                     word);
}

/* One flag at `at`, with `left` words; *ret_took is how many it was. */
static enum result flag_read(struct load *l, int left, char **at, struct own_flag *own, int *ret_took)
{
    const char *word = at[0];
    if (strncmp(word, "--", 2) != 0)
        return fault_set(l->fault, RESULT_MALFORMED, "unexpected word \"%.80s\": settings are given as --name value",
                         word);
    size_t len = strcspn(word + 2, "=");
    const char *inlined = word[2 + len] == '=' ? word + 3 + len : NULL;
    struct own_flag *mine = own_find(own, word + 2, len);
    if (mine != NULL && mine->argument == NULL) {
        if (inlined != NULL)
            return fault_set(l->fault, RESULT_MALFORMED, "--%s takes no value", mine->name);
        mine->value = "yes";
        *ret_took = 1;
        return RESULT_OK;
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(len < 63 ? len : 63), word + 2);
    int id = mine == NULL ? setting_find(name) : -1;
    if (mine == NULL && id < 0)
        return flag_unknown(l, own, word);
    if (inlined == NULL && left < 2)
        return fault_set(l->fault, RESULT_MALFORMED, "--%s wants a value behind it", name);
    const char *value = inlined != NULL ? inlined : at[1];
    char where[80];
    snprintf(where, sizeof where, "flag --%s", name);
    *ret_took = inlined != NULL ? 1 : 2;
    if (mine == NULL)
        return value_offer(l, id, value, ORIGIN_FLAG, where);
    mine->value = value;
    return RESULT_OK;
}

static enum result flags_read(struct load *l, int argc, char **argv, struct own_flag *own)
{
    enum result result = RESULT_OK;
    for (int at = 0, took = 0; at < argc && result == RESULT_OK; at += took)
        result = flag_read(l, argc - at, argv + at, own, &took);
    return result;
}

/* ---- variables and file ---- */

static enum result variables_read(struct load *l)
{
    enum result result = RESULT_OK;
    for (int i = 0; i < SETTINGS && result == RESULT_OK; i++) {
        char name[96], where[112];
        variable_name(&config_table[i], name, sizeof name);
        const char *value = getenv(name);
        snprintf(where, sizeof where, "variable %s", name);
        if (value != NULL)
            result = value_offer(l, i, value, ORIGIN_VARIABLE, where);
    }
    return result;
}

static enum result file_offer(struct load *l, const char *section, const char *name, const char *value)
{
    char where[160];
    int id = setting_find(name);
    if (id < 0 || id == SETTING_CONFIG)
        return fault_set(l->fault, RESULT_MALFORMED, "[%.60s] has no setting \"%.60s\"", section, name);
    if (strcmp(config_table[id].section, section) != 0)
        return fault_set(l->fault, RESULT_MALFORMED, "\"%s\" belongs to [%s], not to [%.60s]", name,
                         config_table[id].section, section);
    if (l->seen[id] && config_table[id].type != SETTING_LIST)
        return fault_set(l->fault, RESULT_MALFORMED, "\"%s\" is given twice", name);
    l->seen[id] = true;
    snprintf(where, sizeof where, "[%.60s] %.60s", section, name);
    return value_offer(l, id, value, ORIGIN_FILE, where);
}

/* inih's handler: 0 makes it remember the line. Only the first fault is kept. */
static int file_entry(void *user, const char *section, const char *name, const char *value)
{
    struct load *l = user;
    if (l->failed)
        return 1;
    l->failed = file_offer(l, section, name, value) != RESULT_OK;
    return !l->failed;
}

static enum result file_check_lines(struct load *l, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int number = 0;
    enum result result = RESULT_OK;
    while (result == RESULT_OK && (len = getline(&line, &size, file)) >= 0) {
        number++;
        if (len > FILE_LINE_MAX)
            result = fault_set(l->fault, RESULT_MALFORMED,
                               "%s:%d: longer than %d bytes; a list may repeat its key on several lines", l->path,
                               number, FILE_LINE_MAX);
        else if (memchr(line, '\0', (size_t)len) != NULL)
            result = fault_set(l->fault, RESULT_MALFORMED, "%s:%d: not a text file", l->path, number);
    }
    free(line);
    rewind(file);
    return result;
}

static enum result file_read(struct load *l)
{
    l->path = l->config->values[SETTING_CONFIG].text;
    if (l->path == NULL || *l->path == '\0')
        return RESULT_OK;
    FILE *file = fopen(l->path, "re");
    if (file == NULL)
        return fault_set(l->fault, RESULT_MALFORMED, "config file %s: %s", l->path, strerror(errno));
    enum result result = file_check_lines(l, file);
    int line = result == RESULT_OK ? ini_parse_file(file, file_entry, l) : 0;
    fclose(file);
    if (line == 0)
        return result;
    char said[sizeof l->fault->text];
    snprintf(said, sizeof said, "%s", l->failed ? l->fault->text : "neither [section], key = value nor a # comment");
    return fault_set(l->fault, RESULT_MALFORMED, "%s:%d: %.600s", l->path, line, said);
}

/* ---- defaults ---- */

static enum result data_dir_default(struct load *l, const char *leaf, char *ret, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const struct passwd *who = home == NULL || *home == '\0' ? getpwuid(getuid()) : NULL;
    int len;
    if (who != NULL)
        home = who->pw_dir;
    if (state != NULL && *state == '/')
        len = snprintf(ret, size, "%s/liveshelf", state);
    else if (home != NULL && *home == '/')
        len = snprintf(ret, size, "%s/.local/state/liveshelf", home);
    else
        return fault_set(l->fault, RESULT_MALFORMED, "no home folder to keep data in: give --data-dir");
    if (*leaf != '\0' && len > 0 && (size_t)len < size)
        len += snprintf(ret + len, size - (size_t)len, "/%s", leaf);
    if (len < 0 || (size_t)len >= size)
        return fault_set(l->fault, RESULT_MALFORMED, "the home folder's name is too long: give --data-dir");
    return RESULT_OK;
}

static enum result defaults_fill(struct load *l, const char *data_dir_leaf)
{
    for (int i = 0; i < SETTINGS; i++) {
        char folder[PATH_MAX];
        const char *text = config_table[i].default_text;
        if (l->config->values[i].text != NULL)
            continue;
        if (i == SETTING_DATA_DIR) {
            if (data_dir_default(l, data_dir_leaf, folder, sizeof folder) != RESULT_OK)
                return RESULT_MALFORMED;
            text = folder;
        }
        if (value_offer(l, i, text, ORIGIN_DEFAULT, "default") != RESULT_OK)
            return RESULT_MALFORMED;
    }
    return RESULT_OK;
}

/* ---- the module's face ---- */

enum result config_load(int argc, char **argv, struct own_flag *own, const char *data_dir_leaf, struct config *ret,
                        struct fault *ret_fault)
{
    struct config config = {0};
    struct load l = {.config = &config, .fault = ret_fault};
    if (flags_read(&l, argc, argv, own) != RESULT_OK || variables_read(&l) != RESULT_OK || file_read(&l) != RESULT_OK ||
        defaults_fill(&l, data_dir_leaf) != RESULT_OK) {
        config_finish(&config);
        return RESULT_MALFORMED;
    }
    *ret = config;
    return RESULT_OK;
}

void config_finish(struct config *c)
{
    for (int i = 0; c != NULL && i < SETTINGS; i++) {
        free(c->values[i].text);
        c->values[i] = (struct config_value){0};
    }
}

const char *config_text(const struct config *c, enum setting_id id) { return c->values[id].text; }
int64_t config_number(const struct config *c, enum setting_id id) { return c->values[id].number; }

void config_replace(struct config *c, enum setting_id id, const char *text)
{
    int64_t number;
    MUST(value_parse(&config_table[id], text, &number) == 0);
    char *copy = strdup(text);
    MUST(copy != NULL);
    free(c->values[id].text);
    c->values[id].text = copy;
    c->values[id].number = number;
}

/* ---- for children ---- */

static void environment_add(struct bytes *block, const char *text) { bytes_append(block, text, strlen(text) + 1); }

static void environment_write(const struct config *c, const char *const *more, struct bytes *block)
{
    for (char **at = environ; *at != NULL; at++)
        if (strncmp(*at, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) != 0)
            environment_add(block, *at);
    for (int i = 0; i < SETTINGS; i++) {
        char name[96];
        if (i == SETTING_CONFIG) /* read already; a child must not see a later edit */
            continue;
        variable_name(&config_table[i], name, sizeof name);
        bytes_text(block, name);
        bytes_text(block, "=");
        environment_add(block, c->values[i].text);
    }
    for (; more != NULL && *more != NULL; more++)
        environment_add(block, *more);
}

char **config_environment(const struct config *c, const char *const *more)
{
    struct bytes texts = {0};
    environment_write(c, more, &texts);
    size_t count = 0;
    for (size_t i = 0; i < texts.len; i++)
        count += texts.data[i] == '\0';
    char **block = bytes_result(&texts) == RESULT_OK ? malloc((count + 1) * sizeof *block + texts.len) : NULL;
    if (block != NULL) {
        char *text = (char *)(block + count + 1);
        memcpy(text, texts.data, texts.len);
        for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
            block[i] = text;
        block[count] = NULL;
    }
    bytes_finish(&texts);
    return block;
}

/* ---- printing ---- */

static void limits_describe(const struct setting *s, char *ret, size_t size)
{
    if (s->type == SETTING_NUMBER)
        snprintf(ret, size, "%lld .. %lld", (long long)s->min, (long long)s->max);
    else if (s->type == SETTING_CHOICE)
        bounds_describe(s, ret, size);
    else
        snprintf(ret, size, "up to %lld bytes", (long long)s->max);
}

static const char *const sections[] = {"", "server", "storage", "auth", "limits", "redis", "show", "logistics"};

void config_print_help(struct bytes *out)
{
    bytes_text(
        out, "Every setting: flag --NAME, variable LIVESHELF_NAME (capitals, _ for -), key NAME of its section in the\n"
             "file given with --config. A flag beats a variable beats the file beats the default.\n"
             "Times may be written 250ms, 8s, 5m, 2h; sizes 64k, 4M.\n");
    for (size_t at = 0; at < ARRAY_LEN(sections); at++) {
        bytes_format(out, "\n[%s]\n", *sections[at] == '\0' ? "flag or variable only" : sections[at]);
        for (int i = 0; i < SETTINGS; i++) {
            const struct setting *s = &config_table[i];
            char limits[256];
            if (strcmp(s->section, sections[at]) != 0)
                continue;
            limits_describe(s, limits, sizeof limits);
            bytes_format(out, "  %-28s %s\n  %-28s %s%sdefault %s; %s\n", s->name, s->help, "", s->unit,
                         *s->unit == '\0' ? "" : ", ", *s->default_text == '\0' ? "empty" : s->default_text, limits);
        }
    }
}

void config_print_markdown(struct bytes *out)
{
    bytes_text(out, "| section | setting | unit | default | bounds | what it does |\n|---|---|---|---|---|---|\n");
    for (size_t at = 0; at < ARRAY_LEN(sections); at++)
        for (int i = 0; i < SETTINGS; i++) {
            const struct setting *s = &config_table[i];
            char limits[256];
            if (strcmp(s->section, sections[at]) != 0)
                continue;
            limits_describe(s, limits, sizeof limits);
            bytes_format(out, "| %s | `%s` | %s | %s%s%s | %s | %s |\n", s->section, s->name, s->unit,
                         *s->default_text == '\0' ? "" : "`", s->default_text, *s->default_text == '\0' ? "" : "`",
                         limits, s->help);
        }
}

void config_print_effective(const struct config *c, struct bytes *out)
{
    static const char *const origins[] = {"default", "file", "variable", "flag"};
    for (int i = 0; i < SETTINGS; i++) {
        char hidden[TEXT_SHOWN_MAX];
        const struct config_value *v = &c->values[i];
        bytes_format(out, "%-28s = %-28s # %s\n", config_table[i].name,
                     shown(&config_table[i], v->text, hidden, sizeof hidden), origins[v->origin]);
    }
}
