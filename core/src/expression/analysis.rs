//! Analysis of a text: the names that it reads and compares, without evaluating it.

use minijinja::Value as Engine;
use minijinja::machinery::ast::{BinOp, BinOpKind, Call, CallArg, CallType, CompareOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::value::ValueKind;

use super::fields::is_field;
use crate::value::Value;

/// The names that an expression or template reads, and what it compares them with.
#[derive(Debug, Default, PartialEq)]
pub struct Analysis {
    /// The names that are read without asking first whether they exist, each once, in order.
    pub reads: Vec<String>,
    /// The comparisons of a name with a constant.
    pub comparisons: Vec<Comparison>,
    /// Constants that are a part of a condition by themselves, as in `a == 1 or 2`.
    pub constants: Vec<Value>,
    /// Dates without quotes, which are subtractions: `2020-01-01` is 2018.
    pub subtracted_dates: Vec<String>,
    /// Texts that are added to `now` or subtracted from it.
    pub spans_as_text: Vec<String>,
    /// Names that are only read where they are known to exist: `x is defined`, `x|default(…)`.
    guarded: Vec<String>,
    /// Names that the text itself sets.
    local: Vec<String>,
}

/// A comparison of a name with a constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The name.
    pub name: String,
    /// How they are compared.
    pub operator: Operator,
    /// The constants: one, or the items of a list.
    pub values: Vec<Value>,
    /// Whether the name itself is compared with a list.
    pub is_list: bool,
}

/// An operator of a [`Comparison`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`, or `in` with a list of constants: the name equals one of them.
    Equals,
    /// `!=` or `not in`: the name equals none of them.
    Differs,
    /// `in`, with the constant on the left: the name holds it.
    Holds,
    /// `in`, with text on the right: the name is within it.
    Within,
    /// `<`, `<=`, `>` or `>=`: the name has an order.
    Orders,
}

impl Analysis {
    /// Returns the analysis of a text that is the name of a field.
    pub fn of_field(name: &str) -> Self {
        let mut analysis = Self::default();
        analysis.read(name);
        analysis
    }

    /// Returns the names that a text seems to read that cannot be compiled.
    ///
    /// A template is searched where it holds expressions.
    pub fn of_broken(text: &str, is_template: bool) -> Self {
        let mut analysis = Self::default();
        if !is_template {
            analysis.words(text);
            return analysis;
        }
        let mut rest = text;
        let first = |text: &str, marks: [&str; 2]| marks.iter().filter_map(|mark| text.find(mark)).min();
        while let Some(start) = first(rest, ["{{", "{%"]) {
            let inner = &rest[start..]["{{".len()..];
            let end = first(inner, ["}}", "%}"]).unwrap_or(inner.len());
            analysis.words(&inner[..end]);
            rest = &inner[end..];
        }
        analysis
    }

    /// Notes the words of a text that can be names of fields.
    fn words(&mut self, text: &str) {
        let is_of_word = |character: char| character.is_alphanumeric() || character == '_';
        let (mut before, mut depth, mut rest) = (' ', 0_usize, text);
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end.saturating_add(2)),
                _ if is_of_word(first) => rest.find(|character| !is_of_word(character)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            let (word, after) = rest.split_at(length);
            let next = after.trim_start();
            let is_argument = depth > 0 && next.starts_with('=') && !next.starts_with("==");
            let is_name = is_of_word(first) && !first.is_numeric() && !matches!(before, '.' | '|');
            if is_name && !next.starts_with('(') && !is_argument && !is_keyword(word) {
                self.read(word);
            }
            match first {
                '(' => depth = depth.saturating_add(1),
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if !first.is_whitespace() {
                before = first;
            }
            rest = after;
        }
    }

    pub(super) fn of_expression(tree: &Expr<'_>) -> Self {
        let mut analysis = Self::default();
        analysis.expression(tree);
        analysis.condition(tree);
        analysis.finished()
    }

    pub(super) fn of_template(tree: &Stmt<'_>) -> Self {
        let mut analysis = Self::default();
        analysis.statement(tree);
        analysis.finished()
    }

    fn finished(mut self) -> Self {
        let (guarded, local) = (std::mem::take(&mut self.guarded), std::mem::take(&mut self.local));
        self.reads.retain(|name| !guarded.contains(name) && !local.contains(name));
        self.comparisons.retain(|comparison| !local.contains(&comparison.name));
        self
    }

    fn read(&mut self, name: &str) {
        if is_field(name) && !self.reads.iter().any(|known| known == name) {
            self.reads.push(name.to_owned());
        }
    }

    /// Notes the constants among the parts that `and`, `or` and `not` join.
    fn condition(&mut self, tree: &Expr<'_>) {
        match tree {
            Expr::BinOp(operation) if matches!(operation.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.condition(&operation.left);
                self.condition(&operation.right);
            }
            Expr::UnaryOp(operation) if matches!(operation.op, UnaryOpKind::Not) => self.condition(&operation.expr),
            Expr::Const(constant) if !matches!(constant.value.kind(), ValueKind::Bool | ValueKind::None) => {
                self.constants.extend(super::convert::from_engine(&constant.value).ok());
            }
            _ => {}
        }
    }

    /// Notes a date that is a subtraction, and text that is to move a date.
    fn calculation(&mut self, operation: &BinOp<'_>) {
        let number = |tree: &Expr<'_>| tree.as_const().and_then(|value| value.as_i64());
        if let (BinOpKind::Sub, Expr::BinOp(first)) = (&operation.op, &operation.left)
            && let (BinOpKind::Sub, Expr::Const(_), Expr::Const(_), Expr::Const(_)) =
                (&first.op, &first.left, &first.right, &operation.right)
            && let (Some(year @ 1800..=2999), Some(month @ 1..=12), Some(day @ 1..=31)) =
                (number(&first.left), number(&first.right), number(&operation.right))
        {
            self.subtracted_dates.push(format!("{year}-{month:02}-{day:02}"));
        }
        if let (BinOpKind::Add | BinOpKind::Sub, Expr::Var(name), Expr::Const(text)) =
            (&operation.op, &operation.left, &operation.right)
            && matches!(name.id, "now" | "utcnow")
        {
            self.spans_as_text.extend(text.value.as_str().map(str::to_owned));
        }
    }

    fn guard(&mut self, tree: &Expr<'_>) {
        match tree {
            Expr::Var(name) => self.guarded.push(name.id.to_owned()),
            other => self.expression(other),
        }
    }

    fn all(&mut self, trees: &[Expr<'_>]) {
        trees.iter().for_each(|tree| self.expression(tree));
    }

    fn expression(&mut self, tree: &Expr<'_>) {
        match tree {
            Expr::Var(name) => self.read(name.id),
            Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(|part| self.expression(part));
            }
            Expr::UnaryOp(operation) => {
                let known = self.comparisons.len();
                self.expression(&operation.expr);
                // `a not in b` is read as `not (a in b)`.
                if matches!(&operation.expr, Expr::BinOp(inner) if matches!(inner.op, BinOpKind::In))
                    && let Some(comparison) = self.comparisons.get_mut(known)
                    && comparison.operator == Operator::Equals
                {
                    comparison.operator = Operator::Differs;
                }
            }
            Expr::BinOp(operation) => {
                let operator = match operation.op {
                    BinOpKind::Eq => Some(Operator::Equals),
                    BinOpKind::Ne => Some(Operator::Differs),
                    BinOpKind::In => Some(Operator::Holds),
                    BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => Some(Operator::Orders),
                    _ => None,
                };
                self.calculation(operation);
                self.compare(operator, &operation.left, &operation.right);
                self.expression(&operation.left);
                self.expression(&operation.right);
            }
            Expr::Compare(comparison) => {
                let mut left = &comparison.expr;
                self.expression(left);
                for step in &comparison.ops {
                    let operator = match step.op {
                        CompareOpKind::Eq => Some(Operator::Equals),
                        CompareOpKind::Ne => Some(Operator::Differs),
                        CompareOpKind::In => Some(Operator::Holds),
                        CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte => {
                            Some(Operator::Orders)
                        }
                        CompareOpKind::NotIn => None,
                    };
                    self.compare(operator, left, &step.expr);
                    self.expression(&step.expr);
                    left = &step.expr;
                }
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                self.expression(&choice.true_expr);
                choice.false_expr.iter().for_each(|otherwise| self.expression(otherwise));
            }
            Expr::Filter(filter) => {
                if let Some(of) = &filter.expr {
                    if matches!(filter.name, "default" | "d") { self.guard(of) } else { self.expression(of) }
                }
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                if matches!(test.name, "defined" | "undefined") {
                    self.guard(&test.expr);
                } else {
                    self.expression(&test.expr);
                }
                self.arguments(&test.args);
            }
            Expr::GetAttr(of) => self.expression(&of.expr),
            Expr::GetItem(of) => {
                self.expression(&of.expr);
                self.expression(&of.subscript_expr);
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.all(&list.items),
            Expr::Tuple(tuple) => self.all(&tuple.items),
            Expr::Map(map) => {
                self.all(&map.keys);
                self.all(&map.values);
            }
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        match call.identify_call() {
            CallType::Function("has_field") => {
                if let [CallArg::Pos(Expr::Const(name))] = call.args.as_slice()
                    && let Some(name) = name.value.as_str()
                {
                    self.guarded.push(name.to_owned());
                }
            }
            CallType::Function(_) | CallType::Block(_) => {}
            CallType::Method(of, _) | CallType::Object(of) => self.expression(of),
        }
        self.arguments(&call.args);
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            self.expression(value);
        }
    }

    /// Notes the comparison of a name with constants, whichever side it is on.
    fn compare(&mut self, operator: Option<Operator>, left: &Expr<'_>, right: &Expr<'_>) {
        let Some(operator) = operator else { return };
        let is_in = operator == Operator::Holds;
        let is_list = |tree: &Expr<'_>| matches!(tree, Expr::List(_) | Expr::Tuple(_));
        let (name, constant, operator) = match (left, right) {
            (Expr::Var(name), list) if operator == Operator::Holds && is_list(list) => (name, list, Operator::Equals),
            (list, Expr::Var(name)) if operator == Operator::Holds && !is_list(list) => (name, list, operator),
            (Expr::Var(name), text @ Expr::Const(_)) if operator == Operator::Holds => (name, text, Operator::Within),
            (Expr::Var(name), constant) | (constant, Expr::Var(name)) if operator != Operator::Holds => {
                (name, constant, operator)
            }
            _ => return,
        };
        let is_list = is_list(constant) && !is_in;
        let Some(constant) = constant.as_const() else { return };
        let values: Vec<Engine> = match constant.try_iter() {
            Ok(items) if constant.as_str().is_none() => items.collect(),
            _ => vec![constant],
        };
        let values = values.iter().filter_map(|value| super::convert::from_engine(value).ok()).collect();
        self.comparisons.push(Comparison { name: name.id.to_owned(), operator, values, is_list });
    }

    fn set(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => self.local.push(name.id.to_owned()),
            Expr::List(list) => list.items.iter().for_each(|target| self.set(target)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|target| self.set(target)),
            other => self.expression(other),
        }
    }

    fn body(&mut self, body: &[Stmt<'_>]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, tree: &Stmt<'_>) {
        match tree {
            Stmt::Template(template) => self.body(&template.children),
            Stmt::EmitExpr(emitted) => self.expression(&emitted.expr),
            Stmt::ForLoop(repeated) => {
                self.set(&repeated.target);
                self.expression(&repeated.iter);
                repeated.filter_expr.iter().for_each(|filter| self.expression(filter));
                self.body(&repeated.body);
                self.body(&repeated.else_body);
            }
            Stmt::IfCond(choice) => {
                self.expression(&choice.expr);
                self.body(&choice.true_body);
                self.body(&choice.false_body);
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.set(target);
                    self.expression(value);
                }
                self.body(&with.body);
            }
            Stmt::Set(set) => {
                self.set(&set.target);
                self.expression(&set.expr);
            }
            Stmt::SetBlock(set) => {
                self.set(&set.target);
                self.body(&set.body);
            }
            Stmt::AutoEscape(block) => self.body(&block.body),
            Stmt::FilterBlock(block) => self.body(&block.body),
            Stmt::Block(block) => self.body(&block.body),
            Stmt::Macro(function) => {
                self.local.push(function.name.to_owned());
                function.args.iter().for_each(|argument| self.set(argument));
                self.all(&function.defaults);
                self.body(&function.body);
            }
            Stmt::CallBlock(block) => {
                self.call(&block.call);
                block.macro_decl.args.iter().for_each(|argument| self.set(argument));
                self.body(&block.macro_decl.body);
            }
            Stmt::Do(statement) => self.call(&statement.call),
            Stmt::EmitRaw(_)
            | Stmt::Continue(_)
            | Stmt::Break(_)
            | Stmt::Import(_)
            | Stmt::FromImport(_)
            | Stmt::Extends(_)
            | Stmt::Include(_) => {}
        }
    }
}

/// Returns whether a word belongs to the language, in any case.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &str = "and or not in is if elif else endif for endfor true false none defined undefined";
    KEYWORDS.split(' ').any(|keyword| keyword.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Expression, Template};

    #[test]
    fn texts_that_do_not_compile_are_searched_for_names() {
        for (text, names) in [
            ("trakt_wached && 'not this' in title", vec!["trakt_wached", "title"]),
            ("a = 'b' AND c.d|upper", vec!["a", "c"]),
            ("(f(x = y) and \"open", vec!["y"]),
            ("2020a ü == 'é' b", vec!["ü", "b"]),
        ] {
            assert!(Expression::compile(text).is_err(), "{text}");
            assert_eq!(Analysis::of_broken(text, false).reads, names, "{text}");
        }
        assert_eq!(Analysis::of_broken("no {{ a +* b }} no {% if c [ %}d", true).reads, ["a", "b", "c"]);
    }

    #[test]
    fn names_are_read_unless_it_is_asked_whether_they_exist() {
        for (text, reads) in [
            ("a and not b.c or d['e'] > now", vec!["a", "b", "d"]),
            ("a is defined and a > 1 or b", vec!["b"]),
            ("has_field('a') and a", vec![]),
            ("a|default(b) > 2", vec!["b"]),
            ("a|lower in [b, 'x'] and c.startswith(d)", vec!["a", "b", "c", "d"]),
            ("now - timedelta(days=n) if x else y", vec!["x", "n", "y"]),
        ] {
            assert_eq!(Expression::compile(text).unwrap().analysis().reads, reads, "{text}");
        }
        for (text, reads) in [
            ("{{ a }} {% for x in b %}{{ x }}{{ loop.index }}{% endfor %}", vec!["a", "b"]),
            ("{% set y = a %}{{ y ~ c|d('-') }}", vec!["a"]),
            ("{% if a is not defined %}{{ b }}{% endif %}{{ a }}", vec!["b"]),
        ] {
            assert_eq!(Template::compile(text).unwrap().analysis().reads, reads, "{text}");
        }
    }

    #[test]
    fn comparisons_with_constants_are_found_on_both_sides() {
        let compared = |text: &str| -> Vec<(String, Operator, usize)> {
            let found = Expression::compile(text).unwrap().analysis().comparisons;
            found.into_iter().map(|one| (one.name, one.operator, one.values.len())).collect()
        };
        let name = || "a".to_owned();
        assert_eq!(compared("a == 'x'"), [(name(), Operator::Equals, 1)]);
        assert_eq!(compared("'x' != a"), [(name(), Operator::Differs, 1)]);
        assert_eq!(compared("a in ['x', 'y']"), [(name(), Operator::Equals, 2)]);
        assert_eq!(compared("a not in ('x', 'y')"), [(name(), Operator::Differs, 2)]);
        assert_eq!(compared("'x' in a"), [(name(), Operator::Holds, 1)]);
        assert_eq!(compared("a == b and a > 3"), [(name(), Operator::Orders, 1)]);
        assert_eq!(compared("a in 'xyz'"), [(name(), Operator::Within, 1)]);
        let lists = |text: &str| Expression::compile(text).unwrap().analysis().comparisons[0].is_list;
        assert!(lists("a == ['x']") && !lists("a in ['x']") && !lists("a not in ['x']"));
    }

    #[test]
    fn constants_and_dates_that_are_not_meant_are_found() {
        let analysis = |text: &str| Expression::compile(text).unwrap().analysis();
        let constants = |text: &str| analysis(text).constants.len();
        assert_eq!(constants("a == 'x' or 'y' or not 3"), 2);
        assert_eq!(constants("(a or 'x') == 'y' and true and none == b"), 0);
        assert_eq!(analysis("a > 2020-01-05").subtracted_dates, ["2020-01-05"]);
        assert!(analysis("a > 2020 - b - 5 or a > 20-1-5").subtracted_dates.is_empty());
        assert_eq!(analysis("a < now - '7 days'").spans_as_text, ["7 days"]);
    }
}
