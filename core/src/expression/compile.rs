//! Compiling: from text to code whose operators and functions are ours.
//!
//! Two things are done to the code that minijinja generates. Operators become calls of functions of
//! ours, because objects (dates, durations) cannot overload them and because Python refuses to
//! order values of unlike kinds where minijinja does not. And functions of ours are called by names
//! that no field can have.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::{self, CodeGenerator, Instruction, Instructions, Token};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, Value as Engine};

use super::analysis::Analysis;
use super::error::ExpressionError;
use super::fields::{ScopeName, is_field};
use super::operators;
use crate::value::{text_attribute, text_attributes};

/// Language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    /// A bare expression.
    Expression,
    /// Text with `{{ … }}` and `{% … %}`.
    Template,
    /// Text with `{? … ?}`.
    Variables,
}

/// Compiled form of a text.
pub(super) struct Compiled<'a> {
    pub(super) main: Instructions<'a>,
    pub(super) blocks: BTreeMap<&'a str, Instructions<'a>>,
    /// Code that leaves the value of a template that is a single `{{ … }}`.
    pub(super) single: Option<Instructions<'a>>,
    /// Whether that value is read, not computed.
    pub(super) plain: bool,
}

/// Compiles a text for an engine.
pub(super) fn compile<'a>(
    text: &'a str,
    language: Language,
    engine: &Environment<'_>,
) -> Result<Compiled<'a>, ExpressionError> {
    bound(text, language)?;
    let compiled = generate(text, language).map_err(|error| ExpressionError::from_engine(&error, text))?;
    check(&compiled, text, engine)?;
    Ok(compiled)
}

fn syntax(language: Language) -> Result<SyntaxConfig, Error> {
    if language != Language::Variables {
        return Ok(SyntaxConfig::default());
    }
    // No text of a config holds control characters, so blocks and comments are out of reach.
    SyntaxConfig::builder()
        .variable_delimiters("{?", "?}")
        .block_delimiters("\u{1}\u{2}", "\u{2}\u{1}")
        .comment_delimiters("\u{1}\u{3}", "\u{3}\u{1}")
        .keep_trailing_newline(true)
        .build()
}

/// Limit of the operators in an expression, which bounds the depth of the engine's compiler.
const MAX_OPERATORS: usize = 1000;

/// Limit of the bytes of a text: the engine counts columns in 16 bits.
const MAX_LENGTH: usize = u16::MAX as usize;

/// Refuses texts that are too long or too deep for the engine's compiler.
///
/// Bad tokens are left to the parser.
fn bound(text: &str, language: Language) -> Result<(), ExpressionError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the text is too long: {} bytes of at most {MAX_LENGTH}", text.len());
        return Err(ExpressionError::syntax(message, None));
    }
    let syntax = syntax(language).map_err(|error| ExpressionError::from_engine(&error, text))?;
    let mut operators = 0_usize;
    for (token, span) in machinery::tokenize(text, language == Language::Expression, syntax).map_while(Result::ok) {
        let more = operators.saturating_add(1);
        operators = match token {
            Token::TemplateData(_) => 0,
            Token::Ident("and" | "or" | "not" | "in" | "is" | "if" | "else" | "elif") => more,
            Token::Ident(_) | Token::Str(_) | Token::String(_) | Token::Int(_) | Token::Int128(_) | Token::Float(_) => {
                operators
            }
            Token::Comma | Token::Colon | Token::VariableEnd | Token::BlockEnd => operators,
            _ => more,
        };
        if operators > MAX_OPERATORS {
            let end = (span.end_offset as usize).min(text.len());
            let message = format!("more than {MAX_OPERATORS} operators in one expression");
            return Err(ExpressionError::syntax(message, Some(0..end)));
        }
    }
    Ok(())
}

/// Returns what a text reads, which has been compiled before.
pub(super) fn analysis(text: &str, language: Language) -> Result<Analysis, Error> {
    Ok(match language {
        Language::Expression => Analysis::of_expression(&machinery::parse_expr(text)?),
        _ => Analysis::of_template(&machinery::parse(text, "template", syntax(language)?)?),
    })
}

fn generate<'a>(text: &'a str, language: Language) -> Result<Compiled<'a>, Error> {
    let mut blocks = BTreeMap::new();
    let mut single = None;
    let mut plain = false;
    let main = if language == Language::Expression {
        generate_expression(&machinery::parse_expr(text)?, text)
    } else {
        let tree = machinery::parse(text, "template", syntax(language)?)?;
        if let machinery::ast::Stmt::Template(template) = &tree
            && let [machinery::ast::Stmt::EmitExpr(emitted)] = template.children.as_slice()
        {
            plain = is_plain(&emitted.expr);
            single = Some(rewrite(&generate_expression(&emitted.expr, text)));
        }
        let mut generator = CodeGenerator::new("template", text);
        generator.compile_stmt(&tree);
        let (main, inner) = generator.finish();
        blocks = inner.iter().map(|(name, code)| (*name, rewrite(code))).collect();
        main
    };
    Ok(Compiled { main: rewrite(&main), blocks, single, plain })
}

fn generate_expression<'a>(tree: &machinery::ast::Expr<'a>, text: &'a str) -> Instructions<'a> {
    let mut generator = CodeGenerator::new("expression", text);
    generator.compile_expr(tree);
    // An undefined value is an error as a result too, except that of an `if` without `else`; so is
    // its truth.
    for check in [Instruction::DupTop, Instruction::Not, Instruction::DiscardTop] {
        generator.add(check);
    }
    generator.finish().0
}

/// Returns whether an expression only reads: a name, an attribute, an item.
fn is_plain(tree: &machinery::ast::Expr<'_>) -> bool {
    match tree {
        machinery::ast::Expr::Var(_) => true,
        machinery::ast::Expr::GetAttr(of) => is_plain(&of.expr),
        machinery::ast::Expr::GetItem(of) => is_plain(&of.expr),
        _ => false,
    }
}

/// Returns the same code with our operators and functions.
fn rewrite<'a>(code: &Instructions<'a>) -> Instructions<'a> {
    let mut rewritten = Instructions::new(code.name(), code.source());
    let mut places = Vec::new();
    let mut next = 0_u32;
    for at in 0.. {
        let Some(instruction) = code.get(at) else { break };
        places.push(next);
        // The namespace is looked up last.
        let is_assigned = matches!(instruction, Instruction::Lookup(_))
            && matches!(code.get(at.saturating_add(1)), Some(Instruction::SetAttr(_)));
        let instructions: Vec<Instruction<'a>> = match attribute(code, at) {
            Some(instructions) => instructions,
            None => {
                let bound = is_assigned.then_some(operators::BOUND);
                bound.into_iter().chain(operators::replacement(instruction)).collect()
            }
        };
        for instruction in instructions {
            let added = match (code.get_span(at), code.get_line(at)) {
                (Some(span), _) => rewritten.add_with_span(instruction, span),
                (None, Some(line)) => rewritten.add_with_line(instruction, u16::try_from(line).unwrap_or(u16::MAX)),
                (None, None) => rewritten.add(instruction),
            };
            next = added.saturating_add(1);
        }
    }
    places.push(next);
    for at in 0..next {
        if let Some(
            Instruction::Jump(target)
            | Instruction::JumpIfFalse(target)
            | Instruction::JumpIfFalseOrPop(target)
            | Instruction::JumpIfTrueOrPop(target)
            | Instruction::Iterate(target)
            | Instruction::BuildMacro(_, target, _),
        ) = rewritten.get_mut(at)
        {
            *target = places.get(*target as usize).copied().unwrap_or(next);
        }
    }
    rewritten
}

/// Returns the code that uses an attribute of a field's text, if that stands at this place.
///
/// The attribute itself is text; its number, the one above it and the texts that it may be
/// compared with depend on the field, whose name the functions are given.
fn attribute<'a>(code: &Instructions<'a>, at: u32) -> Option<Vec<Instruction<'a>>> {
    let read = |before: u32| {
        let at = at.checked_sub(before)?;
        match (code.get(at)?, code.get(at.saturating_add(1))?) {
            (Instruction::Lookup(field), Instruction::GetAttr(name)) if text_attribute(field, "", name).is_some() => {
                Some((*field, *name))
            }
            _ => None,
        }
    };
    let constant = |text: &str| Instruction::LoadConst(Engine::from(text));
    let call = |function, (field, name): (&str, &str)| {
        vec![constant(field), constant(name), Instruction::CallFunction(function, Some(3))]
    };
    match code.get(at)? {
        // The text of a part is its name.
        Instruction::GetAttr("name") if read(2).is_some() => Some(Vec::new()),
        Instruction::GetAttr("value") if read(2).is_some() => read(2).map(|part| call("$attribute_number", part)),
        Instruction::GetAttr(_) => read(1).map(|part| call("$attribute", part)),
        Instruction::LoadConst(text) if text.as_str().is_some() => {
            let is_compared = matches!(
                code.get(at.saturating_add(1))?,
                Instruction::Eq
                    | Instruction::Ne
                    | Instruction::Lt
                    | Instruction::Lte
                    | Instruction::Gt
                    | Instruction::Gte
            );
            let part = read(2).filter(|_| is_compared)?;
            Some([Instruction::LoadConst(text.clone())].into_iter().chain(call("$attribute_operand", part)).collect())
        }
        Instruction::Add | Instruction::Sub => {
            let part = read(3).filter(|_| {
                at.checked_sub(1).is_some_and(|at| matches!(code.get(at), Some(Instruction::LoadConst(_))))
            })?;
            let negated = matches!(code.get(at), Some(Instruction::Sub)).then_some(Instruction::Neg);
            let negated = negated.iter().flat_map(operators::replacement).collect::<Vec<_>>();
            let step = [constant(part.0), constant(part.1), Instruction::CallFunction("$attribute_step", Some(4))];
            Some(negated.into_iter().chain(step).collect())
        }
        Instruction::Eq | Instruction::Ne => {
            let before = |count| code.get(at.checked_sub(count)?);
            let is_text =
                |count| matches!(before(count), Some(Instruction::Lookup(name)) if text_attributes(name).is_some());
            let is_constant = matches!(before(1), Some(Instruction::LoadConst(_)));
            (is_text(1) || (is_text(2) && is_constant)).then_some(())?;
            let negated = matches!(code.get(at), Some(Instruction::Ne)).then_some(Instruction::Not);
            Some(std::iter::once(Instruction::CallFunction("$equal_text", Some(2))).chain(negated).collect())
        }
        Instruction::In => match code.get(at.checked_sub(1)?)? {
            Instruction::Lookup(field) if text_attributes(field).is_some() => {
                Some(vec![constant(field), Instruction::CallFunction("$in_text", Some(3))])
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns the names that the code may ask the scope for.
pub(super) fn names(compiled: &Compiled<'_>) -> Arc<[ScopeName]> {
    let mut names: Vec<ScopeName> = Vec::new();
    let codes = std::iter::once(&compiled.main).chain(compiled.blocks.values());
    for (index, code) in codes.enumerate() {
        let mut always = index == 0;
        let mut local = Vec::new();
        for instruction in (0..).map_while(|at| code.get(at)) {
            match instruction {
                Instruction::StoreLocal(name) => local.push(*name),
                Instruction::Lookup(name) if is_field(name) && !names.iter().any(|known| *known.name == **name) => {
                    names.push(ScopeName { name: Box::from(*name), always: always && !local.contains(name) });
                }
                Instruction::Jump(_)
                | Instruction::JumpIfFalse(_)
                | Instruction::JumpIfFalseOrPop(_)
                | Instruction::JumpIfTrueOrPop(_)
                | Instruction::Iterate(_)
                | Instruction::CallBlock(_) => always = false,
                _ => {}
            }
        }
    }
    names.into()
}

/// Finds filters, tests and functions that do not exist.
fn check(compiled: &Compiled<'_>, text: &str, engine: &Environment<'_>) -> Result<(), ExpressionError> {
    let mut state = engine.empty_state();
    for code in std::iter::once(&compiled.main).chain(compiled.blocks.values()) {
        let mut local = Vec::new();
        for (at, instruction) in (0..).map_while(|at| Some((at, code.get(at)?))) {
            let mut is_known = |test: &str, name: &str| {
                let name: String = name.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                state.perform_test(test, &[Engine::from(name)]).unwrap_or(true)
            };
            let unknown = match instruction {
                Instruction::StoreLocal(name) => {
                    local.push(*name);
                    None
                }
                Instruction::ApplyFilter(name, ..) if !is_known("filter", name) => Some(("filter", *name)),
                Instruction::PerformTest(name, ..) if !is_known("test", name) => Some(("test", *name)),
                Instruction::CallFunction(name, _)
                    if !name.starts_with(operators::OURS)
                        && !local.contains(name)
                        && !matches!(*name, "range" | "dict" | "namespace" | "loop" | "super" | "caller") =>
                {
                    Some(("function", *name))
                }
                _ => None,
            };
            if let Some((kind, name)) = unknown {
                let range = code.get_span(at).map(|span| span.start_offset as usize..span.end_offset as usize);
                let range = range.filter(|range| text.get(range.clone()).is_some());
                return Err(ExpressionError::syntax(format!("unknown {kind}: `{name}`"), range));
            }
        }
    }
    Ok(())
}
