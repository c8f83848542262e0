//! The rules of licence-based billing as pure functions.
//!
//! A subscription, the price list, promotions, promo codes and a policy go in; invoice lines, renewals and
//! findings come out, each with its **workings**: the steps that led to it, with rule numbers and operands.
//! The line, the explanation, the reasons column and the cause of a difference are projections of those
//! steps, so they cannot tell different stories.
//!
//! # Floors
//! The modules are declared from the ground up; a module uses only what is declared before it (a test of the
//! program holds this).
//!
//! # What is deliberately absent
//! No files, no threads, no clock, no floats, no text of customers: rows arrive as ids whose order is the order
//! of their text, so neither the order of rows nor the number of threads can show in a result.

pub mod money;

pub mod calendar;

pub mod findings;

pub mod reasons;

pub mod policy;

pub mod ids;

pub mod catalog;

pub mod book;

pub mod workings;

pub mod rating;

pub mod timeline;

pub mod invoicing;

pub mod reconciling;

pub mod repricing;

pub mod advising;
