// SPDX-License-Identifier: Apache-2.0
// A Jinja interpreter for chat templates: what its parts share. A template is parsed once into a
// tree in an arena; each rendering has an arena of its own for values, freed as a whole. Python's
// semantics are followed, because templates are written against Python. Private to chat/.
//
// Not in it: template inheritance, includes and imports, integers beyond 64 bits, printf-style
// formatting, and case mapping beyond ASCII.
#ifndef CHAT_JINJA_H
#define CHAT_JINJA_H

#include "base/base.h"

// Limits, so that a hostile template ends with an error and not with the machine.
#define JINJA_MAX_SOURCE (1u << 20)   // bytes of a template
#define JINJA_MAX_DEPTH 200           // nesting of expressions, blocks and calls
#define JINJA_MAX_STEPS 5000000       // tree nodes visited in one rendering
#define JINJA_MAX_TEXT (64u << 20)    // bytes of one string, or of the output
#define JINJA_MAX_MEMORY (512u << 20) // bytes of values in one rendering
#define JINJA_MAX_KEY 1000            // values in a tuple that is a key
#define JINJA_MAX_RANGE 100000        // items of range(), as in Jinja's sandbox

// ---- Arena -------------------------------------------------------------------------------------

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t total; // bytes handed out
};

void *arena_alloc(struct arena *a, size_t size); // zeroed
struct slice arena_copy(struct arena *a, const char *data, size_t len);
void arena_free(struct arena *a);

// ---- Values ------------------------------------------------------------------------------------

enum value_kind {
    VALUE_UNDEFINED,
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_DICT,
    VALUE_NAMESPACE,
    VALUE_LOOP,
    VALUE_MACRO,
    VALUE_FUNCTION,
    VALUE_METHOD
};

struct list;
struct dict;
struct loop;
struct macro;
struct method;
struct run;
struct call_args;

struct value {
    enum value_kind kind;
    union {
        bool b;
        int64_t i;
        double f;
        struct slice s; // also the name of an undefined value, for messages
        struct list *list;
        struct dict *dict; // DICT and NAMESPACE
        struct loop *loop;
        struct macro *macro;
        struct method *method;
        bool (*function)(struct run *r, const struct call_args *a, struct value *out);
    };
};

struct list {
    struct value *items;
    size_t count, cap;
    bool tuple; // printed in parentheses
};

struct pair {
    struct value key, value;
};

struct dict { // in order of insertion; small, so looked up by walking
    struct pair *pairs;
    size_t count, cap;
};

struct method { // a method taken from its object but not called yet
    struct value self;
    struct slice name;
};

struct call_args {
    const struct value *values;
    size_t count;
    const struct slice *names; // of the keyword arguments, whose values follow the positional ones
    size_t named;
};

struct value value_string(struct slice s);
struct value value_text(const char *s); // a C string that outlives the value
struct value value_int(int64_t i);
struct value value_bool(bool b);
struct value value_float(double f);
struct value value_none(void);
struct value value_list(struct arena *a);
struct value value_dict(struct arena *a);
void list_reserve(struct arena *a, struct list *l, size_t cap); // room for so many in all
void list_push(struct arena *a, struct list *l, struct value v);
// Keys are hashable (value_hashable), so that looking one up is bounded.
void dict_set(struct arena *a, struct dict *d, struct value key, struct value v);
const struct value *dict_get(const struct dict *d, struct value key); // NULL when absent

bool value_truth(const struct value *v);
bool value_is_number(const struct value *v); // also bool, as in Python
double value_number(const struct value *v);
const char *value_type_name(const struct value *v); // Python's
// Both walk nested values; an error when that takes too many steps or nests too deep.
bool value_equal(struct run *r, const struct value *a, const struct value *b, bool *equal);
// -1, 0, 1; error when the two have no order.
bool value_compare(struct run *r, const struct value *a, const struct value *b, int *order);
// Appends str(v) or repr(v).
bool value_str(struct run *r, const struct value *v, struct buf *out);
bool value_repr(struct run *r, const struct value *v, struct buf *out);
// str(v) as a slice: that of a string without a copy.
bool value_to_slice(struct run *r, const struct value *v, struct slice *out);
struct json_style {
    int indent; // -1: one line
    bool sort, ascii;
    struct slice comma, colon;
};

bool value_json(struct run *r, const struct value *v, const struct json_style *style,
                struct buf *out);
void value_float_repr(double f, struct buf *out);
// The items that iteration gives: of a list itself, a string's characters, a dict's keys.
bool value_items(struct run *r, const struct value *v, struct list **out);

// ---- The tree ----------------------------------------------------------------------------------

enum node_kind {
    // expressions
    NODE_CONST,
    NODE_NAME,
    NODE_LIST,
    NODE_TUPLE,
    NODE_DICT,
    NODE_ATTRIBUTE,
    NODE_ITEM,
    NODE_SLICE,
    NODE_CALL,
    NODE_FILTER,
    NODE_TEST,
    NODE_NEGATE,
    NODE_PLUS,
    NODE_NOT,
    NODE_BINARY,
    NODE_COMPARE,
    NODE_AND,
    NODE_OR,
    NODE_CONCAT,
    NODE_CONDITION,
    // statements
    NODE_TEXT,
    NODE_OUTPUT,
    NODE_FOR,
    NODE_IF,
    NODE_SET,
    NODE_SET_BLOCK,
    NODE_MACRO,
    NODE_CALL_BLOCK,
    NODE_FILTER_BLOCK,
    NODE_SCOPE,
    NODE_BREAK,
    NODE_CONTINUE
};

struct nodes {
    struct node **items;
    size_t count, cap;
};

struct node {
    enum node_kind kind;
    int line;
    struct slice name;      // NAME, ATTRIBUTE, FILTER, TEST, MACRO, TEXT; operator of BINARY
    struct value constant;  // CONST
    struct node *a, *b, *c; // operands; CONDITION: test, then, else; SLICE: start, stop, step
    struct nodes list;      // items, arguments, parameters; DICT: key, value, key, value
    struct slice *names;    // COMPARE: operators; CALL, FILTER, TEST: keywords of the last ones
    size_t named;           // CALL, FILTER, TEST: how many
    struct nodes body, otherwise; // of statements
};

// ---- Parsing -----------------------------------------------------------------------------------

enum token_kind {
    TOKEN_END,
    TOKEN_TEXT,
    TOKEN_OUTPUT_BEGIN,
    TOKEN_OUTPUT_END,
    TOKEN_BLOCK_BEGIN,
    TOKEN_BLOCK_END,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_OPERATOR
};

struct token {
    enum token_kind kind;
    struct slice text; // STRING: its value
    int line;
};

struct token_list {
    struct token *items;
    size_t count, cap;
};

// Fills `out`, closed by TOKEN_END; the caller frees out->items. `source` lives in the arena.
bool jinja_lex(struct arena *a, struct slice source, struct token_list *out, struct err *e);

struct parser {
    struct arena *arena;
    const struct token *at; // the current token
    struct err *e;
    int depth;
};

bool jinja_parse(struct arena *a, struct slice source, struct nodes *out, struct err *e);

// Expressions (parse_expression.c), for statements. NULL after an error.
struct node *parse_expression(struct parser *p);
// A comma makes a tuple; `condition` allows x if y else z.
struct node *parse_tuple(struct parser *p, bool condition);
struct node *parse_postfix(struct parser *p, struct node *n);
struct node *parse_filters(struct parser *p, struct node *n); // |name, is name and calls
struct node *parse_filter(struct parser *p, struct node *n);  // after the bar
bool parse_error(struct parser *p, const char *fmt, ...) BASE_PRINTF(2, 3);
bool parse_enter(struct parser *p); // one level deeper; undone by p->depth--
struct node *parse_node(struct parser *p, enum node_kind kind);
void parse_push(struct parser *p, struct nodes *l, struct node *n);
bool parse_is(const struct token *t, enum token_kind kind, const char *text);
bool parse_accept(struct parser *p, enum token_kind kind, const char *text);
bool parse_expect(struct parser *p, enum token_kind kind, const char *text);

// ---- Running -----------------------------------------------------------------------------------

// The name under which a block's filters see its text; no template can write it.
#define JINJA_BLOCK_TEXT " block"

struct scope {
    struct dict vars;
    struct scope *parent;
};

struct loop {
    struct list *items;
    size_t index;
    int depth;
    struct value last_changed; // argument of the last loop.changed()
};

struct macro {
    const struct node *node;
    struct scope *scope;        // where it was defined
    const struct value *caller; // what caller() is inside, or NULL
};

struct run {
    struct arena *arena;
    struct scope *scope;
    struct buf *out; // where text goes now
    struct err *e;
    int line, depth;
    long steps;
};

bool run_error(struct run *r, const char *fmt, ...) BASE_PRINTF(2, 3); // always false
// Counts work that no tree node stands for; an error beyond the limit.
bool run_spend(struct run *r, size_t steps);
bool run_spend_on(struct run *r, const struct value *v); // work in proportion to the size of v
bool run_spend_search(struct run *r, struct slice s, struct slice part);
bool run_room(struct run *r, size_t size); // whether so many bytes more may be taken
bool run_enter(struct run *r);             // one level deeper; undone by r->depth--
void run_dict_set(struct run *r, struct dict *d, struct value key, struct value v);
bool run_put(struct run *r, struct buf *b, const char *data, size_t len);
bool run_statements(struct run *r, const struct nodes *body);
bool run_eval(struct run *r, const struct node *n, struct value *out);
bool run_macro(struct run *r, const struct macro *m, const struct call_args *a, struct value *out);
bool run_call(struct run *r, const struct value *f, const struct call_args *a, struct value *out);
const struct value *scope_find(const struct scope *s, struct slice name);

// Looks up x.name or x[key]; undefined when there is none, error on an undefined x.
bool value_attribute(struct run *r, const struct value *v, struct slice name, struct value *out);
bool value_item(struct run *r, const struct value *v, const struct value *key, struct value *out);
bool value_slice(struct run *r, const struct value *v, const struct value part[3],
                 struct value *out);
// One binary operator by its text.
bool value_operate(struct run *r, struct slice op, const struct value *a, const struct value *b,
                   struct value *out);
bool value_contains(struct run *r, const struct value *all, const struct value *one, bool *out);
bool value_hashable(struct run *r, const struct value *v); // may be a key; else an error
bool value_is_key(const struct value *v);                  // the same as a question

// A template (chat.h) with any variables; they and the values made on the way live in the arena.
struct chat_template;
bool chat_render_values(const struct chat_template *t, struct arena *arena,
                        const struct dict *variables, struct buf *out, struct err *e);

// ---- Builtins ----------------------------------------------------------------------------------

// Argument `index`, or the keyword `name`; NULL when not given.
const struct value *call_get(const struct call_args *a, size_t index, const char *name);
bool call_int(struct run *r, const struct call_args *a, size_t index, const char *name,
              int64_t fallback, int64_t *out);

bool filter_apply(struct run *r, struct slice name, const struct value *v,
                  const struct call_args *a, struct value *out);
bool test_apply(struct run *r, struct slice name, const struct value *v, const struct call_args *a,
                bool *out);
bool test_exists(struct slice name);
bool method_exists(const struct value *self, struct slice name);
bool method_call(struct run *r, const struct value *self, struct slice name,
                 const struct call_args *a, struct value *out);
// range(), namespace() and the others that a template may call.
void functions_define(struct run *r, struct scope *globals);

// The local time as a pattern of strftime asks; an error for a letter that is unknown.
bool clock_format(struct run *r, struct slice pattern, struct value *out);

// Python's str methods on slices, shared by filters and methods. `chars` NULL is white space.
bool text_is_space(uint32_t code);
struct slice text_strip(struct slice s, const char *chars, bool left, bool right);
size_t text_length(struct slice s); // in characters
bool text_replace(struct run *r, struct slice s, struct slice old, struct slice with, int64_t count,
                  struct value *out);
struct value text_case(struct run *r, struct slice s, char how); // see text.c
// The first place of `part` in s at or after `from`, or SIZE_MAX.
size_t text_find(struct slice s, struct slice part, size_t from);

#endif
